#!lua
-- Removes entries that were not entered again since their documents were read.
--
-- KEYS: the flusher's record, the outbox. ARGV: epoch, who flushes, the commit at which the documents were read, then the entries.
local term = redis.call('HMGET', KEYS[1], 'epoch', 'flusher')
if term[1] ~= ARGV[1] or term[2] ~= ARGV[2] then
  return {'superseded'}
end
local read_at = tonumber(ARGV[3])
for from = 4, #ARGV, 1000 do
  local scores = redis.call('ZMSCORE', KEYS[2], unpack(ARGV, from, math.min(from + 999, #ARGV)))
  local settled = {}
  for i, score in ipairs(scores) do
    if score and tonumber(score) <= read_at then
      settled[#settled + 1] = ARGV[from + i - 1]
    end
  end
  if #settled > 0 then
    redis.call('ZREM', KEYS[2], unpack(settled))
  end
end
local oldest = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
if not oldest[2] then
  redis.call('HDEL', KEYS[1], 'since')
end
return {'done', tostring(redis.call('ZCARD', KEYS[2])), oldest[2]}
