#!lua flags=allow-oom
-- Compare what a worker holds with its leases. ARGV: worker, then lane and id of each that it holds.
-- Returns the leases that it does not hold, {lane, id, payload, attempts, deliveries} each, and {lane, id} of what is not leased to it.
local worker = ARGV[1]
local held, unknown, lost = {}, {}, {}
for i = 2, #ARGV, 2 do
  held[ARGV[i] .. '/' .. ARGV[i + 1]] = { ARGV[i], ARGV[i + 1] }
end
local AT_ONCE = 1000

local function compare(lane, leases)
  for _, pending in ipairs(leases) do
    local id = pending[1]
    if held[lane .. '/' .. id] then
      held[lane .. '/' .. id] = nil
    else
      local entry = redis.call('XRANGE', stream(lane), id, id)[1]
      if entry then
        unknown[#unknown + 1] = { lane, id, entry[2][2], attempts_of(lane, id), pending[4] }
      else
        remove(lane, id)
      end
    end
  end
end

for _, lane in ipairs(lanes()) do
  local from, leases = '-', nil
  repeat
    leases = redis.pcall('XPENDING', stream(lane), GROUP, from, '+', AT_ONCE, worker)
    compare(lane, leases)
    from = #leases > 0 and '(' .. leases[#leases][1]
  until #leases < AT_ONCE
end
for _, key in pairs(held) do
  lost[#lost + 1] = key
end
return { unknown, lost }
