-- Apply a worker's batch in one step. ARGV: worker, number of the batch, operations with their arguments.
-- A batch that is sent twice, because its answer was lost, is applied once. Returns the crawl's state, or 'behind' when
-- this Redis does not know the batch before: it came back older than it was.
local worker, number, cursor = ARGV[1], tonumber(ARGV[2]), 2
local state = redis.call('HGET', CRAWL, 'state')
if state ~= 'open' then
  return state or 'gone'
end
local last = last_batch(worker)
if last == number then
  return state
elseif last ~= number - 1 then
  return 'behind'
end

local function argument()
  cursor = cursor + 1
  return ARGV[cursor]
end

-- A Redis that comes back older than this worker may not know the lane, for which XPENDING would be an error.
local function owns(lane, id)
  return redis.call('ZSCORE', LANES, lane) and #redis.pcall('XPENDING', stream(lane), GROUP, id, id, 1, worker) == 1
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

function operations.push()
  local fingerprint, lane, payload = argument(), argument(), argument()
  if fingerprint == '' or redis.call('SADD', SEEN, fingerprint) == 1 then
    add(lane, payload)
    count('queued', 1)
  else
    count('duplicates', 1)
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
  if leases_of(worker) > 0 then
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
