#!lua flags=allow-oom
-- Remove the keys of a crawl, each by its own name: a prefix could be that of others. ARGV: 1 = dead letters too.
-- Returns how many there were.
local removed = forget()
if ARGV[1] == '1' then
  removed = removed + redis.call('UNLINK', DEAD)
end
return removed
