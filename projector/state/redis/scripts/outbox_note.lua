#!lua
-- Notes how far the tables are. KEYS: the flusher's record. ARGV: epoch, who flushes, then fields and their values; one that is empty removes
-- its field. Since when something waits is changed only where something does, and to a later time.
local term = redis.call('HMGET', KEYS[1], 'epoch', 'flusher')
if term[1] ~= ARGV[1] or term[2] ~= ARGV[2] then
  return {'superseded'}
end
local since = redis.call('HGET', KEYS[1], 'since')
for i = 3, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  if value == '' then
    redis.call('HDEL', KEYS[1], field)
  elseif field ~= 'since' or (since and tonumber(value) > tonumber(since)) then
    redis.call('HSET', KEYS[1], field, value)
  end
end
return {'done'}
