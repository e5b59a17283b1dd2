#!lua
-- Adds a build; the first of a projection is live at once. Answers the fingerprint that the build has then.
--
-- KEYS: the projection's record, its generations, the checkpoint, the definitions.
-- ARGV: the generation, the fingerprint, the definitions, then the other fields of the checkpoint and their values.
local found = redis.call('HGET', KEYS[3], 'fingerprint')
if found then
  return found
end
redis.call('HSET', KEYS[3], 'fingerprint', ARGV[2], unpack(ARGV, 4))
redis.call('SET', KEYS[4], ARGV[3])
redis.call('SADD', KEYS[2], ARGV[1])
if redis.call('HSETNX', KEYS[1], 'live', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[3], 'went_live', '1')
end
redis.call('HSETNX', KEYS[1], 'state', 'stopped')
return ARGV[2]
