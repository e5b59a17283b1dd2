#!lua
-- Notes how far the tables are. KEYS: the flusher's record. ARGV: epoch, who flushes, then fields and their values; one that is empty removes
-- its field.
local term = redis.call('HMGET', KEYS[1], 'epoch', 'flusher')
if term[1] ~= ARGV[1] or term[2] ~= ARGV[2] then
  return {'superseded'}
end
for i = 3, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
return {'done'}
