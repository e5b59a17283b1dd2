//! Other orders in which the events of a step may come: sources are independent of each other, each keeps its own order.

/// No more orders than this are tried for one test.
const LIMIT: usize = 60;

/// Orders of the events with these sources, as places in the list; the given order comes first. All there are, if they are few, or
/// else a sample that is always the same.
pub fn orders(sources: &[&str]) -> Vec<Vec<usize>> {
    let queues = queues(sources);
    let given: Vec<usize> = (0..sources.len()).collect();
    let mut orders = vec![given];
    if count(&queues) <= LIMIT {
        enumerate(&queues, &mut vec![0; queues.len()], &mut Vec::new(), &mut orders);
    } else {
        let mut random = SplitMix(sources.len() as u64);
        orders.extend((0..LIMIT).map(|_| shuffled(&queues, &mut random)));
    }
    let mut seen = std::collections::BTreeSet::new();
    orders.retain(|order| seen.insert(order.clone()));
    orders
}

/// The places of each source's events.
fn queues(sources: &[&str]) -> Vec<Vec<usize>> {
    let mut names: Vec<&str> = Vec::new();
    let mut queues: Vec<Vec<usize>> = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        let queue = names.iter().position(|name| name == source).unwrap_or_else(|| {
            names.push(source);
            queues.push(Vec::new());
            names.len() - 1
        });
        queues[queue].push(place);
    }
    queues
}

/// How many orders there are, or more than the limit.
fn count(queues: &[Vec<usize>]) -> usize {
    let (mut total, mut placed) = (1usize, 0usize);
    for queue in queues {
        for taken in 1..=queue.len() {
            placed += 1;
            total = total.saturating_mul(placed) / taken;
            if total > LIMIT * LIMIT {
                return total;
            }
        }
    }
    total
}

fn enumerate(queues: &[Vec<usize>], taken: &mut Vec<usize>, order: &mut Vec<usize>, orders: &mut Vec<Vec<usize>>) {
    let mut is_complete = true;
    for queue in 0..queues.len() {
        let Some(place) = queues[queue].get(taken[queue]) else { continue };
        is_complete = false;
        taken[queue] += 1;
        order.push(*place);
        enumerate(queues, taken, order, orders);
        order.pop();
        taken[queue] -= 1;
    }
    if is_complete {
        orders.push(order.clone());
    }
}

/// Each event is as likely to be the next as any other.
fn shuffled(queues: &[Vec<usize>], random: &mut SplitMix) -> Vec<usize> {
    let mut taken = vec![0; queues.len()];
    let mut left: usize = queues.iter().map(Vec::len).sum();
    let mut order = Vec::with_capacity(left);
    while left > 0 {
        let mut pick = random.below(left);
        for (queue, taken) in queues.iter().zip(&mut taken) {
            let rest = queue.len() - *taken;
            if pick < rest {
                order.push(queue[*taken]);
                *taken += 1;
                break;
            }
            pick -= rest;
        }
        left -= 1;
    }
    order
}

/// Numbers that look random and are the same each time.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_orders_are_all_tried() {
        assert_eq!(orders(&["a", "b", "a"]), [vec![0, 1, 2], vec![0, 2, 1], vec![1, 0, 2]]);
        assert_eq!(orders(&["a", "a"]), [vec![0, 1]]);
        assert_eq!(orders(&[]), [Vec::<usize>::new()]);
    }

    #[test]
    fn of_many_orders_some_are_tried() {
        let sources: Vec<&str> = ["a", "b", "c"].into_iter().cycle().take(30).collect();
        let tried = orders(&sources);
        assert!(tried.len() > LIMIT / 2 && tried.len() <= LIMIT + 1, "{}", tried.len());
        assert_eq!(tried, orders(&sources));
        for order in tried {
            for source in ["a", "b", "c"] {
                assert!(order.iter().filter(|place| sources[**place] == source).is_sorted());
            }
        }
    }
}
