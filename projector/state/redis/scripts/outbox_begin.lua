#!lua
-- Begins the term of a flusher, where the build's owner enters what it changes.
--
-- KEYS: the flusher's record. ARGV: the newest epoch in the tables, who flushes.
local known = redis.call('HMGET', KEYS[1], 'entering', 'epoch', 'audits', 'tables', 'entered', 'filled')
if not known[1] then
  return {'superseded'}
end
local epoch, newest = tonumber(known[2] or 0), tonumber(ARGV[1])
local audits = known[3]
if epoch < newest then
  -- Whole terms are lost, and nobody knows what they wrote.
  epoch, audits = newest, '0:' .. ARGV[1]
  redis.call('HSET', KEYS[1], 'audits', audits)
end
epoch = string.format('%.0f', epoch + 1)
redis.call('HSET', KEYS[1], 'epoch', epoch, 'flusher', ARGV[2])
return {'done', epoch, audits, known[4], known[5], known[6]}
