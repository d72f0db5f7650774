<#
.SYNOPSIS
Tries both roads of docs/windows.md on this machine, and writes what came of it into a report to send in.

.DESCRIPTION
Containers first, under a project name, passwords and ports of this check alone: nothing of yours is touched, and all of
it is removed again. Then Python on Windows, in a virtual environment of its own, on the same servers. The report has no
passwords, no values of variables and neither your name nor that of this machine.

powershell -NoProfile -ExecutionPolicy Bypass -File tools\windows-check.ps1
Exit code: 0 each step went well, 1 one did not.
#>
param(
    [string]$Report = 'windows-check.txt',
    [switch]$SkipDocker,
    [switch]$SkipNative
)

# Plain ASCII, and nothing newer than Windows PowerShell 5.1: this file has to be readable everywhere.
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
Set-Location (Split-Path -Parent $PSScriptRoot)
$Report = [IO.Path]::GetFullPath((Join-Path (Get-Location).Path $Report))
$Work = Join-Path ([IO.Path]::GetTempPath()) ('refillspot-check-' + [Guid]::NewGuid().ToString('N').Substring(0, 8))
$Password = [Guid]::NewGuid().ToString('N')
$Failed = New-Object System.Collections.ArrayList
New-Item -ItemType Directory -Path $Work | Out-Null
[IO.File]::WriteAllText($Report, '')

function Hide-Private([string]$Text) {
    # The longest first: a name is part of a path
    foreach ($private in @($Password, $env:USERPROFILE, $env:COMPUTERNAME, $env:USERDOMAIN, $env:USERNAME)) {
        if ($private -and $private.Length -gt 2) {
            $Text = [Regex]::Replace($Text, [Regex]::Escape($private), '***', 'IgnoreCase')
        }
    }
    [Regex]::Replace($Text, '(://[^:/@\s]*):[^@\s]+@', '$1:***@')
}

function Write-Report([string]$Text) {
    $line = Hide-Private $Text
    Write-Host $line
    [IO.File]::AppendAllText($Report, $line + "`r`n")  # UTF-8
}

function Get-FreePort {
    $listener = New-Object System.Net.Sockets.TcpListener ([Net.IPAddress]::Loopback), 0
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
    $listener.Stop()
    $port
}

function Invoke-Step([string]$What, [string]$Program, [string[]]$Arguments, [int]$Seconds = 120, [int]$Lines = 15) {
    # Return whether the program ended with 0 in time; the end of what it said goes into the report
    $out, $err = (Join-Path $Work 'out'), (Join-Path $Work 'err')
    $quoted = $Arguments | ForEach-Object { if ($_ -match '\s') { '"' + $_ + '"' } else { $_ } }
    $begun = Get-Date
    try {
        $process = Start-Process -FilePath $Program -ArgumentList $quoted -NoNewWindow -PassThru `
            -WorkingDirectory (Get-Location).Path -RedirectStandardOutput $out -RedirectStandardError $err
        $null = $process.Handle  # or its exit code would be lost
        if ($process.WaitForExit($Seconds * 1000)) {
            $process.WaitForExit()
            $end = [string]$process.ExitCode
        } else {
            $end = 'no end after ' + $Seconds + ' s'
            Start-Process -FilePath 'taskkill' -ArgumentList '/T', '/F', '/PID', $process.Id -NoNewWindow -Wait
        }
    } catch {
        $end = 'not started: ' + $_.Exception.Message
    }
    $well = $end -eq '0'
    if (-not $well) { [void]$Failed.Add($What) }
    Write-Report ('[{0}] {1} ({2:n1} s, exit {3})' -f $(if ($well) { 'ok' } else { 'FAILED' }), $What,
        ((Get-Date) - $begun).TotalSeconds, $end)
    foreach ($file in @($out, $err)) {
        if (Test-Path $file) {
            Get-Content -Path $file -Encoding UTF8 -Tail $Lines | ForEach-Object { Write-Report ('    ' + $_) }
            Remove-Item $file
        }
    }
    $well
}

function Write-Fact([string]$What, [scriptblock]$Find) {
    try { $found = & $Find | Out-String } catch { $found = 'unknown: ' + $_.Exception.Message }
    Write-Report ('{0}: {1}' -f $What, $found.Trim())
}

function Write-Machine {
    Write-Report ('refillspot, check of Windows, {0:u}' -f (Get-Date).ToUniversalTime())
    Write-Fact 'Windows' { [Environment]::OSVersion.VersionString + ', ' + $env:PROCESSOR_ARCHITECTURE }
    Write-Fact 'PowerShell' { $PSVersionTable.PSVersion.ToString() }
    Write-Fact 'execution policy' { Get-ExecutionPolicy }
    Write-Fact 'code page of the console' { [Console]::OutputEncoding.CodePage }
    Write-Fact 'culture' { (Get-Culture).Name }
    Write-Fact 'length of this path' { (Get-Location).Path.Length }
    Write-Fact 'path is ASCII' { (Get-Location).Path -match '^[\x00-\x7f]+$' }
    Write-Fact 'long paths' {
        (Get-ItemProperty 'HKLM:\SYSTEM\CurrentControlSet\Control\FileSystem').LongPathsEnabled
    }
    Write-Fact 'real-time protection' { (Get-MpComputerStatus).RealTimeProtectionEnabled }
    Write-Fact 'scripts have \n alone' {
        -not [IO.File]::ReadAllText((Join-Path (Get-Location).Path '.ci\run')).Contains("`r")
    }
    Write-Fact '.env' { Test-Path '.env' }
    foreach ($port in @(5432, 6379, 6380)) {
        Write-Fact ('port ' + $port) {
            $owner = Get-NetTCPConnection -State Listen -LocalPort $port -ErrorAction SilentlyContinue |
                Select-Object -First 1
            if ($owner) { 'taken by ' + (Get-Process -Id $owner.OwningProcess).ProcessName } else { 'free' }
        }
    }
}

function Test-Containers {
    Write-Report "`r`nThe first road: everything in containers"
    $compose = @('compose', '--project-name', 'refillspot-check')
    $version = '{{.Server.Version}} {{.Server.Os}}/{{.Server.Arch}}'
    if (-not (Invoke-Step 'Docker is there' 'docker' @('version', '--format', $version))) { return $false }
    [void](Invoke-Step 'compose is there' 'docker' @('compose', 'version'))
    [void](Invoke-Step 'the compose file can be read' 'docker' ($compose + @('config', '--quiet')))
    [void](Invoke-Step 'the image can be made' 'docker' ($compose + @('build', 'refillspot')) 1200)
    $run = $compose + @('run', '--rm', '-T', 'refillspot', 'scrapy')
    [void](Invoke-Step 'servers start, and doctor finds them' 'docker' ($run + @('doctor', '--offline')) 600 30)
    [void](Invoke-Step 'a demo in a container' 'docker' ($run + @('demo')) 300)
    Invoke-Step 'servers for the second road' 'docker' ($compose + @('up', '--detach', '--wait')) 300
}

function Test-Native([bool]$HasServers) {
    Write-Report "`r`nThe second road: Python on Windows"
    $environment = Join-Path $Work 'venv'
    $python = if (Get-Command py -ErrorAction SilentlyContinue) { 'py' } else { 'python' }
    $version = 'import sys;print(sys.version);sys.exit(sys.version_info<(3,11))'
    if (-not (Invoke-Step 'Python 3.11 or later is there' $python @('-c', $version))) { return }
    if (-not (Invoke-Step 'a virtual environment' $python @('-m', 'venv', $environment))) { return }
    $python = Join-Path $environment 'Scripts\python.exe'
    $pip = @('-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:')
    if (-not (Invoke-Step 'the wheels' $python ($pip + @('--require-hashes', '-r', 'requirements.txt')) 900)) { return }
    $scrapy = @('-m', 'scrapy')
    [void](Invoke-Step 'help' $python ($scrapy + @('crawl', '-h')))
    [void](Invoke-Step 'help in Korean, in the encoding of this system' $python ($scrapy + @('doctor', '-h')) 120 0)
    $env:PYTHONUTF8 = '1'
    if (-not $HasServers) {
        Write-Report '[skipped] no servers: doctor, demo'
        return
    }
    [void](Invoke-Step 'doctor' $python ($scrapy + @('doctor', '--offline')) 120 30)
    [void](Invoke-Step 'a demo' $python ($scrapy + @('demo')) 300)
}

function Set-ForThisProcess {
    $env:DB_USER, $env:DB_NAME, $env:DB_PASSWORD, $env:REDIS_PASSWORD = 'postgres', 'refill_spot', $Password, $Password
    $env:DB_PORT, $env:REDIS_PORT, $env:CACHE_REDIS_PORT = (Get-FreePort), (Get-FreePort), (Get-FreePort)
    $env:DATABASE_URL = 'postgresql://postgres:{0}@127.0.0.1:{1}/refill_spot' -f $Password, $env:DB_PORT
    $env:REDIS_URL = 'redis://127.0.0.1:{0}/0' -f $env:REDIS_PORT
    $env:CACHE_REDIS_URL = 'redis://127.0.0.1:{0}/0' -f $env:CACHE_REDIS_PORT
    $env:REFILLSPOT_HOME = Join-Path $Work 'home'
    $env:REFILLSPOT_LANG = 'ko'
}

Write-Machine
Set-ForThisProcess
try {
    $hasServers = $false
    if (-not $SkipDocker) { $hasServers = [bool](@(Test-Containers)[-1]) }
    if (-not $SkipNative) { Test-Native $hasServers }
} finally {
    if (-not $SkipDocker) {
        $down = @('compose', '--project-name', 'refillspot-check', 'down', '--volumes', '--rmi', 'local')
        [void](Invoke-Step 'all is removed again' 'docker' $down 180 3)
    }
    Remove-Item -Recurse -Force $Work -ErrorAction SilentlyContinue
}
Write-Report ("`r`n" + $(if ($Failed.Count) { 'FAILED: ' + ($Failed -join '; ') } else { 'All went well.' }))
Write-Host ('Please send in ' + $Report)
exit $(if ($Failed.Count) { 1 } else { 0 })
