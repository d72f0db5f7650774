-- What many requests want of the page cache, in one step. ARGV: operations with their arguments, one after the other.
-- Returns the answer to each; an error is the answer to the operation that failed, and harms no other. The keys are
-- known only here, so this needs one Redis, not a cluster.
local cursor, answers, operations = 0, {}, {}

local function argument()
  cursor = cursor + 1
  return ARGV[cursor]
end

-- What is longer than a page can be is not read to its end.
local function page(key, longest)
  return redis.pcall('GETRANGE', key, 0, longest)
end

-- A lease that does not end by itself, or not for long, is nobody's: all would wait for its page.
local function take(lease, token, milliseconds)
  local left = redis.pcall('PTTL', lease)
  if type(left) == 'number' and (left == -1 or left > 10 * milliseconds) then
    redis.pcall('DEL', lease)
  end
  return redis.pcall('SET', lease, token, 'NX', 'PX', milliseconds)
end

-- The page; if there is none, and a token is given, the lease on it. Returns the page and whether the lease was taken.
function operations.read()
  local key, longest, lease, token, milliseconds = argument(), argument(), argument(), argument(), argument()
  local found = page(key, longest)
  return { found, found == '' and token ~= '' and take(lease, token, milliseconds) }
end

-- The lease, and the page: it is written before the lease on it ends.
function operations.claim()
  local key, longest, lease, token, milliseconds = argument(), argument(), argument(), argument(), argument()
  local taken = take(lease, token, milliseconds)
  return { page(key, longest), taken }
end

-- Only who holds a lease may end or prolong it.
local function holds(lease, token)
  return redis.pcall('GET', lease) == token
end

local function release(lease, token)
  return holds(lease, token) and redis.pcall('DEL', lease) or 0
end

-- Keep a page, and end the lease on it: an empty token holds none.
function operations.keep()
  local key, value, milliseconds, lease, token = argument(), argument(), argument(), argument(), argument()
  local kept = redis.pcall('SET', key, value, 'PX', milliseconds)
  if not kept.err and token ~= '' then
    release(lease, token)
  end
  return kept
end

function operations.release()
  local lease, token = argument(), argument()
  return release(lease, token)
end

function operations.renew()
  local lease, token, milliseconds = argument(), argument(), argument()
  return holds(lease, token) and redis.pcall('PEXPIRE', lease, milliseconds) or 0
end

while cursor < #ARGV do
  answers[#answers + 1] = operations[argument()]()
end
return answers
