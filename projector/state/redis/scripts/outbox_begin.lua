#!lua
-- Begins the term of a flusher, where the build's owner enters what it changes.
--
-- KEYS: the flusher's record. ARGV: the newest epoch in the tables, who flushes.
local known = redis.call('HMGET', KEYS[1], 'entering', 'epoch', 'filled', 'audit_from')
if not known[1] then
  return {'superseded'}
end
local epoch, newest = tonumber(known[2] or 0), tonumber(ARGV[1])
local audit_from = known[4]
if epoch < newest then
  -- Whole terms are lost, and nobody knows what they wrote.
  epoch, audit_from = newest, '0'
  redis.call('HSET', KEYS[1], 'audit_from', audit_from)
end
epoch = string.format('%.0f', epoch + 1)
redis.call('HSET', KEYS[1], 'epoch', epoch, 'flusher', ARGV[2])
return {'done', epoch, known[3] or '0', audit_from}
