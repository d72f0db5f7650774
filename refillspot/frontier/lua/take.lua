#!lua flags=allow-oom
-- Lease requests. ARGV: worker, how many, attempts after which a request is buried, 1 = the dead may be inherited, number
-- of the worker's last batch, 0 = whichever, the formats of the queue that it knows. Returns {lane, id, payload, attempts,
-- deliveries} each: first what dead workers left, then by priority. False if this Redis knows another batch as the last one, or
-- another format, in which an entry may be; or no such worker: whoever it gives up later would not have its leases inherited.
local worker, room, max_attempts, may_inherit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local now, taken = now_ms(), {}
local LONGEST_WAIT_MS = 2 * 3600 * 1000 -- Retry-After is believed up to an hour
if redis.call('HGET', CRAWL, 'state') ~= 'open' then
  return taken
elseif not redis.call('ZSCORE', WORKERS, worker) or (ARGV[5] ~= '0' and last_batch(worker) ~= tonumber(ARGV[5]))
  or (formats() or ARGV[6]) ~= ARGV[6] then
  return false
end

local function take(lane, entry, attempts, deliveries)
  taken[#taken + 1] = { lane, entry[1], entry[2][2], attempts, deliveries }
  room = room - 1
end

local function condemn(lane, id)
  local entry = redis.call('XRANGE', stream(lane), id, id)[1]
  if entry then
    local why = 'each worker that had it in hand died, ' .. attempts_of(lane, id) .. ' in all, the last ones alone with it'
    bury(cjson.encode({ reason = why, at_ms = now }) .. '\n' .. entry[2][2])
  end
  remove(lane, id)
end

local function inherit(lane, id, deliveries)
  if attempts_of(lane, id) >= max_attempts then
    condemn(lane, id)
    return
  end
  for _, entry in ipairs(redis.call('XCLAIM', stream(lane), GROUP, worker, 0, id)) do
    count('redelivered', 1)
    take(lane, entry, attempts_of(lane, id), deliveries + 1)
  end
end

-- Returns false when there was no room for everything.
local function inherit_lane(lane, dead)
  while true do
    local pending = redis.pcall('XPENDING', stream(lane), GROUP, '-', '+', 100, dead)
    if #pending == 0 then
      return true
    end
    for _, lease in ipairs(pending) do
      if room == 0 then
        return false
      end
      inherit(lane, lease[1], lease[4])
    end
  end
end

-- The worker is forgotten once nothing of it is left.
local function inherit_from(dead)
  for _, lane in ipairs(lanes()) do
    if not inherit_lane(lane, dead) then
      return
    end
    redis.pcall('XGROUP', 'DELCONSUMER', stream(lane), GROUP, dead)
  end
  if tonumber(redis.call('ZSCORE', WORKERS, dead)) > 0 then  -- it has not left by itself
    redis.call('SADD', SILENT, dead)
  end
  redis.call('ZREM', WORKERS, dead)
end

-- Whose time has come; so has that of what is to wait for longer than anything does.
local function end_wait(from, to)
  for _, member in ipairs(redis.call('ZRANGE', WAITING, from, to, 'BYSCORE', 'LIMIT', 0, 100)) do
    local lane, payload = string.match(member, '^([^:]*):%d+:(.*)$')
    if lane and is_lane(lane) then
      add(lane, payload)
    else
      bury(cjson.encode({ reason = 'what waited is not a request of this crawl', at_ms = now }) .. '\n' .. member)
    end
    redis.call('ZREM', WAITING, member)
  end
end

end_wait('-inf', now)
end_wait(now + LONGEST_WAIT_MS, '+inf')

if may_inherit then
  for _, dead in ipairs(redis.call('ZRANGE', WORKERS, '-inf', now, 'BYSCORE')) do
    if dead ~= worker and room > 0 then
      inherit_from(dead)
    end
  end
end

-- What has a priority below 0 is left until nothing else is queued, in hand or waiting, with any worker.
local is_busy = redis.call('ZCARD', WAITING) > 0
for _, lane in ipairs(lanes()) do
  is_busy = is_busy or (tonumber(lane) >= 0 and length(lane) > 0)
  if room > 0 and not (is_busy and tonumber(lane) < 0) then
    local read = redis.pcall('XREADGROUP', 'GROUP', GROUP, worker, 'COUNT', room, 'STREAMS', stream(lane), '>')
    if read and read.err then
      open_lane(lane)
    else
      for _, entry in ipairs(read and read[1][2] or {}) do
        take(lane, entry, 0, 1)
      end
    end
  end
end
return taken
