#!lua flags=no-writes
-- Documents as of one moment, and how far the build had come then. A transaction would be refused where memory is short.
--
-- KEYS: the checkpoint, the broken documents, then the documents, then their marks. ARGV: the documents' keys.
local texts, marks, reasons = {}, {}, {}
for i, key in ipairs(ARGV) do
  texts[i] = redis.call('GET', KEYS[2 + i])
  marks[i] = redis.call('GET', KEYS[2 + #ARGV + i])
  reasons[i] = texts[i] == false and redis.call('HGET', KEYS[2], key)
end
return {texts, marks, reasons, redis.call('HMGET', KEYS[1], 'commits', 'position')}
