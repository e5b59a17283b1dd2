#!lua flags=no-writes
-- Documents as of one moment, how far the build had come then, how many jobs and entries it had.
--
-- KEYS: the checkpoint, the outbox, the jobs, then for each document: its text, its mark, the broken documents of its view.
-- ARGV: the documents' keys. There are at most some thousand: Lua unpacks no more.
local texts, marks, reasons = {}, {}, {}
if #ARGV > 0 then
  local text_keys, mark_keys = {}, {}
  for i = 1, #ARGV do
    text_keys[i], mark_keys[i] = KEYS[3 * i + 1], KEYS[3 * i + 2]
  end
  texts, marks = redis.call('MGET', unpack(text_keys)), redis.call('MGET', unpack(mark_keys))
end
for i, key in ipairs(ARGV) do
  -- A document that is neither has no mark.
  reasons[i] = not texts[i] and marks[i] and redis.call('HGET', KEYS[3 * i + 3], key)
end
local checkpoint = redis.call('HMGET', KEYS[1], 'commits', 'position', 'hash', 'time')
return {texts, marks, reasons, checkpoint, redis.call('HLEN', KEYS[3]), redis.call('ZCARD', KEYS[2])}
