-- Put before each script. KEYS[1] is the crawl's prefix; every key of a crawl is <prefix>:<what>. The lanes are
-- streams whose names are known only here, so this needs one Redis, not a cluster.
local base = KEYS[1]
local CRAWL, SEEN, LANES = base .. ':crawl', base .. ':seen', base .. ':lanes'
local WAITING, WORKERS, ATTEMPTS = base .. ':waiting', base .. ':workers', base .. ':attempts'
local BATCHES, DEAD, GROUP = base .. ':batches', base .. ':dead', 'workers'
-- Workers whose lease ran out and whose requests others have; one that lives after all is none of them again.
local SILENT = base .. ':silent'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function stream(lane)
  return base .. ':lane:' .. lane
end

local function count(what, number)
  redis.call('HINCRBY', CRAWL, 'count:' .. what, number)
end

local function lanes()
  return redis.call('ZREVRANGE', LANES, 0, -1)
end

-- 0 when this Redis knows none.
local function last_batch(worker)
  return tonumber(redis.call('HGET', BATCHES, worker) or 0)
end

local function leases_of(worker)
  local leases = 0
  for _, lane in ipairs(lanes()) do
    for _, consumer in ipairs(redis.call('XPENDING', stream(lane), GROUP)[4] or {}) do
      if consumer[1] == worker then
        leases = leases + consumer[2]
      end
    end
  end
  return leases
end

local function add(lane, payload)
  if redis.call('ZADD', LANES, 'NX', lane, lane) == 1 then
    redis.call('XGROUP', 'CREATE', stream(lane), GROUP, '0', 'MKSTREAM')
  end
  redis.call('XADD', stream(lane), '*', 'r', payload)
end

-- Remove an entry for good; 1 when it was still there.
local function remove(lane, id)
  redis.call('XACK', stream(lane), GROUP, id)
  redis.call('HDEL', ATTEMPTS, lane .. '/' .. id)
  return redis.call('XDEL', stream(lane), id)
end

-- A dead letter is a line of JSON that says why, and the request below it.
local function bury(letter)
  redis.call('HSET', DEAD, redis.call('HINCRBY', CRAWL, 'letters', 1), letter)
  count('dead', 1)
end

local function attempts_of(lane, id)
  return tonumber(redis.call('HGET', ATTEMPTS, lane .. '/' .. id) or 0)
end
