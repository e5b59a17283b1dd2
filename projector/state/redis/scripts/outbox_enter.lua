#!lua
-- Enters documents as of the present commit. Those that wait already keep their places.
--
-- KEYS: the flusher's record, the outbox, the checkpoint. ARGV: epoch, who flushes, the time, how many fields of the flusher's record to
-- set, these and their values, then the entries.
local term = redis.call('HMGET', KEYS[1], 'epoch', 'flusher')
if term[1] ~= ARGV[1] or term[2] ~= ARGV[2] then
  return {'superseded'}
end
local commits = redis.call('HGET', KEYS[3], 'commits')
local first = 5 + 2 * tonumber(ARGV[4])
for from = first, #ARGV, 1000 do
  local entries = {}
  for i = from, math.min(from + 999, #ARGV) do
    entries[#entries + 1] = commits
    entries[#entries + 1] = ARGV[i]
  end
  redis.call('ZADD', KEYS[2], 'NX', unpack(entries))
  redis.call('HSETNX', KEYS[1], 'since', ARGV[3])
end
for i = 5, first - 1, 2 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
end
return {'done'}
