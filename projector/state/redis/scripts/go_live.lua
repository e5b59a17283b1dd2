#!lua
-- Makes a build live. KEYS: the projection's record, the checkpoint. ARGV: the generation.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
redis.call('HSET', KEYS[1], 'live', ARGV[1])
return 1
