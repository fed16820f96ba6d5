//! A program of Rust's: panics that unwind, threads, channels, collections, 128-bit integers, floating point, atomics, processes.
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc, Mutex};

trait Shape { fn area(&self) -> f64; }
struct Square(f64);
struct Circle(f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 * self.0 } }
impl Shape for Circle { fn area(&self) -> f64 { std::f64::consts::PI * self.0 * self.0 } }
impl Drop for Square { fn drop(&mut self) { println!("dropped {}", self.0); } }

fn unwound(depth: u32) -> u32 {
    let _kept = Square(depth as f64);
    if depth == 0 { panic!("at the bottom") }
    unwound(depth - 1) + 1
}

fn main() {
    println!("hello, world");
    std::panic::set_hook(Box::new(|_| {}));
    println!("{:?}", std::panic::catch_unwind(|| unwound(3)).map_err(|e| e.downcast_ref::<&str>().map(|s| s.to_string())));
    let (count, list) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..4u64).map(|n| {
        let (count, list, sender) = (count.clone(), list.clone(), sender.clone());
        std::thread::spawn(move || {
            for i in 0..2000 { count.fetch_add(i ^ n, Ordering::Relaxed); if i % 100 == 0 { list.lock().unwrap().push(i * n); sender.send(i + n).unwrap(); } }
            count.load(Ordering::SeqCst) > 0
        })
    }).collect();
    drop(sender);
    let received: u64 = receiver.iter().sum();
    println!("threads {} {} {} {}", threads.into_iter().all(|t| t.join().unwrap()), count.load(Ordering::SeqCst), received, list.lock().unwrap().iter().sum::<u64>());
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Circle(1.5)), Box::new(Square(0.25))];
    println!("shapes {:?}", shapes.iter().map(|s| s.area()).fold(0.0, |a: f64, b| a.mul_add(0.5, b)));
    let (mut x, mut map, mut tree) = (1u64, HashMap::new(), BTreeMap::new());
    for i in 0..20000u32 {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        *map.entry(x >> 53).or_insert(0f64) += ((x >> 30) as f64).sqrt() * (i as f64).sin();
        tree.entry((x >> 40) as u16).or_insert_with(Vec::new).push(i);
    }
    let mut sorted: Vec<_> = map.into_iter().collect();
    sorted.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap());
    println!("maps {:?} {} {}", &sorted[..3], tree.len(), tree.values().map(|v| v.len() * v[0] as usize).sum::<usize>());
    let mut wide = 1u128;
    for i in 1..200u128 { wide = wide.wrapping_mul(i * 2 + 1).rotate_left(7) ^ (wide / (i + 1)) }
    println!("wide {} {:?} {:?}", wide, i32::MAX.checked_add(x as i32 | 1), (-7i8).overflowing_mul(100));
    println!("floats {} {:e} {} {:?} {} {}", 0.1 + 0.2, f64::MIN_POSITIVE / 3.0, (1e20f64) as i32, f32::NAN as u8, (2.5f64).powf(3.5), "1.7976931348623157e308".parse::<f64>().unwrap());
    let text: String = "some text, größer".chars().rev().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect();
    println!("{} {:?}", text, std::process::Command::new("sh").args(["-c", "echo from a shell; exit 5"]).status().unwrap().code());
    std::process::exit(3);
}
