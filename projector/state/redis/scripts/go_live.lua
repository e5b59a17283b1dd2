#!lua
-- Makes a build live in the place of another one, unless it is behind that; answers 'live', 'behind' or 'overtaken', or nothing where the build
-- is not there.
--
-- KEYS: the projection's record; the checkpoint of the build and of the one before; how far the tables of both are.
-- ARGV: the generation, the one before, or nothing.
if redis.call('EXISTS', KEYS[2]) == 0 then
  return false
end
local live = redis.call('HGET', KEYS[1], 'live') or ''
if live ~= ARGV[1] then
  if live ~= ARGV[2] then
    return 'overtaken'
  end
  local function is_behind(ours, theirs, field)
    return tonumber(redis.call('HGET', ours, field) or 0) < tonumber(redis.call('HGET', theirs, field) or 0)
  end
  if is_behind(KEYS[2], KEYS[3], 'position') or is_behind(KEYS[4], KEYS[5], 'flushed') then
    return 'behind'
  end
  redis.call('HSET', KEYS[1], 'live', ARGV[1])
  redis.call('HINCRBY', KEYS[1], 'switches', 1)
end
redis.call('HSET', KEYS[2], 'went_live', '1')
return 'live'
