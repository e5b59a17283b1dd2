#!lua
-- Takes a build over. The same writer again, whose first call was answered too late, owns it already.
--
-- KEYS: the checkpoint, the projection's record, the flusher's record, the outbox.
-- ARGV: writer, a fence that the new one must exceed, whether commits enter what they change: 1 or 0.
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

if ARGV[3] == '1' then
  -- The commits after this one may have been lost, and the tables may have rows of them.
  local known = redis.call('HMGET', KEYS[3], 'filled', 'audit_from', 'flushed')
  local commits = tonumber(found[3])
  local audit_from = known[1] == '1' and math.min(tonumber(known[2] or commits), commits) or 0
  local flushed = math.min(tonumber(known[3] or 0), tonumber(found[4]))
  redis.call('HSET', KEYS[3], 'entering', 1, 'flusher', '', 'filled', known[1] or 0,
    'audit_from', string.format('%.0f', audit_from), 'flushed', string.format('%.0f', flushed))
elseif redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HDEL', KEYS[3], 'entering', 'flusher', 'filled', 'audit_from', 'flushed')
  redis.call('UNLINK', KEYS[4])
end
return {'done', found[3], found[4], found[5], found[6], fence}
