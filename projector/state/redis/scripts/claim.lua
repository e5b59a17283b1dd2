#!lua
-- Takes a build over. The same writer again, whose first call was answered too late, owns it already.
--
-- KEYS: the checkpoint, the projection's record, the flusher's record, the outbox, one that is absent.
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
  local known = redis.call('HMGET', KEYS[3], 'audits', 'flushed', 'settled', 'epoch')
  local commits, audits = found[3], known[1]
  if audits and #audits > 1000 then
    -- One that stands for all.
    for before in string.gmatch(audits, '(%d+):') do
      commits = tonumber(before) < tonumber(commits) and before or commits
    end
    audits = nil
  end
  audits = (audits and audits .. ' ' or '') .. commits .. ':' .. (known[4] or '0')
  local function at_most(number, limit)
    return string.format('%.0f', math.min(tonumber(number or 0), tonumber(limit)))
  end
  redis.call('HSET', KEYS[3], 'entering', 1, 'flusher', '', 'audits', audits,
    'flushed', at_most(known[2], found[4]), 'settled', at_most(known[3], found[4]))
elseif redis.call('EXISTS', KEYS[3]) == 1 then
  redis.call('HDEL', KEYS[3], 'entering', 'flusher', 'audits', 'tables', 'cursor', 'entered', 'filled', 'flushed', 'settled',
    'since')
  redis.call('UNLINK', KEYS[4])
end
return {'done', found[3], found[4], found[5], found[6], fence}
