#!lua
-- Takes a build over. The same writer again, whose first call was answered too late, owns it already.
--
-- KEYS: the checkpoint, the projection's record. ARGV: writer, a fence that the new one must exceed.
local found = redis.call('HMGET', KEYS[1], 'fence', 'writer', 'commits', 'position', 'hash', 'time', 'torn')
if not found[1] then
  return {redis.call('EXISTS', KEYS[2]) == 1 and 'dropped' or 'lost'}
end
if found[7] then
  return {'torn', found[7]}
end
local fence = found[1]
if found[2] ~= ARGV[1] then
  fence = string.format('%.0f', math.max(tonumber(fence), tonumber(ARGV[2])) + 1)
  redis.call('HSET', KEYS[1], 'fence', fence, 'writer', ARGV[1])
end
return {'done', found[3], found[4], found[5], found[6], fence}
