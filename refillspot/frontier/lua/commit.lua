#!lua
-- Apply a worker's batch in one step. ARGV: worker, the batch's number, that of the batch before, operations with their arguments.
-- It is applied whole or not at all: whatever could stop it is looked at before the first write. A batch that is sent
-- twice, because its answer was lost, is applied once: no two of a worker's have the same number. Returns the crawl's
-- state, or 'fork' when this Redis knows another batch as the last one: it is older than the worker, or another.
local worker, number, cursor = ARGV[1], tonumber(ARGV[2]), 3
local state = redis.call('HGET', CRAWL, 'state')
if state ~= 'open' then
  return state or 'gone'
end
local last = last_batch(worker)
if last == number then
  return state
elseif last ~= tonumber(ARGV[3]) then
  return 'fork'
end

-- How many arguments each operation has, and the keys that it writes to.
local OPERATIONS = {
  push = { 3, SEEN, LANES },
  push_within = { 4, SEEN, LANES },
  start = { 2, ATTEMPTS },
  done = { 2, ATTEMPTS },
  replace = { 5, LANES, ATTEMPTS, WAITING },
  bury = { 3, ATTEMPTS, DEAD },
  stored = { 4, ATTEMPTS, STORED },
  ['return'] = { 3, LANES, ATTEMPTS },
  refuse = { 1, DEAD },
  count = { 2 },
  seeded = { 0 },
  leave = { 0, WORKERS },
}
local TYPES = {
  [SEEN] = 'set', [LANES] = 'zset', [ATTEMPTS] = 'hash', [WAITING] = 'zset', [DEAD] = 'hash', [STORED] = 'zset', [WORKERS] = 'zset',
}

local function trouble()
  local names, at = {}, cursor
  while at < #ARGV do
    local name = ARGV[at + 1]
    if not OPERATIONS[name] or at + 1 + OPERATIONS[name][1] > #ARGV then
      return 'ERR no operation of a queue: ' .. name
    end
    names[name], at = true, at + 1 + OPERATIONS[name][1]
  end
  for name in pairs(names) do
    for i = 2, #OPERATIONS[name] do
      local key = OPERATIONS[name][i]
      local found = TYPES[key] and redis.call('TYPE', key).ok or 'none'
      if found ~= 'none' and found ~= TYPES[key] then
        return 'WRONGTYPE ' .. key .. ' is a ' .. found .. ', and for the queue a ' .. TYPES[key] .. ': somebody else wrote it'
      end
      TYPES[key] = nil -- looked at
    end
  end
end

local wrong = trouble()
if wrong then
  return redis.error_reply(wrong)
end

local function argument()
  cursor = cursor + 1
  return ARGV[cursor]
end

-- A Redis that comes back older than this worker may not know the lane, for which XPENDING is an error.
local function owns(lane, id)
  return #redis.pcall('XPENDING', stream(lane), GROUP, id, id, 1, worker) == 1
end

local function enqueue(lane, delay_ms, payload)
  if tonumber(delay_ms) > 0 then
    local member = lane .. ':' .. increase(CRAWL, 'waited', 1) .. ':' .. payload
    redis.call('ZADD', WAITING, now_ms() + delay_ms, member)
  else
    add(lane, payload)
  end
end

local operations = {}

local function push(fingerprint, lane, payload)
  if fingerprint == '' or redis.call('SADD', SEEN, fingerprint) == 1 then
    add(lane, payload)
    count('queued', 1)
    return true
  end
  count('duplicates', 1)
end

function operations.push()
  push(argument(), argument(), argument())
end

-- One of at most so many of the whole crawl; others are left out.
function operations.push_within()
  local most, fingerprint, lane, payload = tonumber(argument()), argument(), argument(), argument()
  if natural(redis.call('HGET', CRAWL, 'limited')) < most and push(fingerprint, lane, payload) then
    increase(CRAWL, 'limited', 1)
  end
end

function operations.start()
  local lane, id = argument(), argument()
  if owns(lane, id) then
    increase(ATTEMPTS, lane .. '/' .. id, 1)
  end
end

-- A success counts however late it comes; a failure only from the worker whose turn it is.
function operations.done()
  local lane, id = argument(), argument()
  count('done', remove(lane, id))
end

function operations.replace()
  local lane, id, new_lane, delay_ms, payload = argument(), argument(), argument(), argument(), argument()
  if owns(lane, id) then
    enqueue(new_lane, delay_ms, payload)
    remove(lane, id)
    count('retried', 1)
  end
end

function operations.bury()
  local lane, id, letter = argument(), argument(), argument()
  if owns(lane, id) then
    bury(letter)
    remove(lane, id)
  end
end

-- A success whose stores PostgreSQL has: kept for a while, since a PostgreSQL that comes back may not have them.
function operations.stored()
  local lane, id, writer, batch = argument(), argument(), argument(), argument()
  local entry = redis.pcall('XRANGE', stream(lane), id, id)[1]
  local removed = remove(lane, id)
  count('done', removed)
  if removed == 1 and entry then
    increase(CRAWL, 'stored', 1)
    redis.call('ZADD', STORED, now_ms(), writer .. ':' .. batch .. ':' .. lane .. ':' .. entry[2][2])
  end
end

operations['return'] = function()
  local lane, id, payload = argument(), argument(), argument()
  if owns(lane, id) then
    add(lane, payload)
    remove(lane, id)
  end
end

-- A request that cannot be queued at all.
function operations.refuse()
  bury(argument())
end

function operations.count()
  count(argument(), argument())
end

function operations.seeded()
  redis.call('HSET', CRAWL, 'seeded', 1)
end

-- What it could not hand back others inherit at once.
function operations.leave()
  if leases()[worker] then
    redis.call('ZADD', WORKERS, 0, worker)
  else
    redis.call('ZREM', WORKERS, worker)
  end
end

while cursor < #ARGV do
  operations[argument()]()
end
redis.call('HSET', BATCHES, worker, number)
return state
