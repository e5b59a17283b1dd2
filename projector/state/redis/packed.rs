//! Commands in the form in which they are sent. A large commit has a million words: each is written once, to where it is sent from.

use redis::{Connection, RedisResult, Value};

/// Commands one after the other, as bytes.
#[derive(Debug, Default)]
pub struct Packed {
    bytes: Vec<u8>,
    commands: usize,
}

impl Packed {
    /// Begins a command of so many words, its name among them; they have to follow.
    pub fn begin(&mut self, words: usize) {
        self.commands += 1;
        self.number(b'*', words);
    }

    /// A command of a few words.
    pub fn command(&mut self, words: &[&str]) {
        self.begin(words.len());
        words.iter().for_each(|word| self.word(word.as_bytes()));
    }

    /// How many commands there are.
    #[cfg(test)]
    pub fn commands(&self) -> usize {
        self.commands
    }

    /// The next word of the command.
    pub fn word(&mut self, word: &[u8]) {
        self.joined(word, &[]);
    }

    /// The next word of the command, given in two pieces.
    pub fn joined(&mut self, head: &[u8], tail: &[u8]) {
        self.number(b'$', head.len() + tail.len());
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(tail);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Sends the commands; what each is answered, or the first error: what a transaction answers is no error whatever is in it. The client's own pipelines would wait for each answer in turn where
    /// none comes.
    pub fn ask(&self, redis: &mut Connection) -> RedisResult<Vec<Value>> {
        Packed::ask_all(&[self], redis)
    }

    /// The same, for the commands of all parts, in their order.
    pub fn ask_all(parts: &[&Packed], redis: &mut Connection) -> RedisResult<Vec<Value>> {
        // The client refuses to send nothing.
        let mut sent = parts.iter().filter(|part| part.commands > 0);
        sent.try_for_each(|part| redis.send_packed_command(&part.bytes))?;
        let commands: usize = parts.iter().map(|part| part.commands).sum();
        let answers: RedisResult<Vec<Value>> = (0..commands).map(|_| redis.recv_response()).collect();
        let refused = |answer: &Value| matches!(answer, Value::ServerError(_));
        let answers = answers?;
        match answers.iter().find(|answer| refused(answer)) {
            // Errors within the answer to a transaction are not its own.
            Some(error) => error.clone().extract_error().map(|_| answers),
            None => Ok(answers),
        }
    }

    fn number(&mut self, kind: u8, number: usize) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_what_the_client_would_send() {
        let mut packed = Packed::default();
        packed.begin(3);
        packed.word(b"SET");
        packed.joined(b"a:", b"b");
        packed.word(&[0; 12]);
        packed.begin(1);
        packed.word(b"EXEC");
        let mut expected = redis::cmd("SET").arg("a:b").arg(&[0u8; 12]).get_packed_command();
        expected.extend(redis::cmd("EXEC").get_packed_command());
        assert_eq!((packed.bytes, packed.commands), (expected, 2));
    }
}
