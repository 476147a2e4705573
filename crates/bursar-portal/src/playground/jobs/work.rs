//! The work itself: painting, beside the server's threads, with how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use bursar_art::{Made, Recipe};

use crate::playground::Playground;

/// How often it is told how far the work is.
const TELL: Duration = Duration::from_millis(120);

/// Makes the files. Takes `at_least` as long, so that the hold can be watched; ends when `until` percent
/// are reached, without the files, if that is not 100.
pub(super) async fn work(
    playground: &Playground,
    job: &str,
    recipes: Vec<Recipe>,
    at_least: Duration,
    until: u8,
) -> Result<Vec<Made>, String> {
    let painted = Arc::new(AtomicU8::new(0));
    let painters = playground.jobs().painters();
    let (told, count) = (Arc::clone(&painted), recipes.len().max(1));
    let painting = async move {
        // The semaphore is never closed.
        let _painter = painters.acquire_owned().await;
        tokio::task::spawn_blocking(move || paint(&recipes, count, &told)).await
    };
    tokio::pin!(painting);
    let started = Instant::now();
    let mut made = None;
    let mut pulse = tokio::time::interval(TELL);
    loop {
        tokio::select! {
            done = &mut painting, if made.is_none() => {
                let done = done.map_err(|_| "the painter broke down".to_owned())?;
                made = Some(done.map_err(|error| error.to_string())?);
            }
            _ = pulse.tick() => {}
        }
        let painted = if made.is_some() { 100 } else { painted.load(Ordering::Relaxed).min(99) };
        let percent = share(started.elapsed(), at_least).min(painted);
        playground.jobs().change(job, |job| job.percent = percent.min(until));
        if percent >= until && until < 100 {
            return Ok(Vec::new());
        }
        if percent >= 100 {
            return Ok(made.unwrap_or_default());
        }
    }
}

fn share(elapsed: Duration, of: Duration) -> u8 {
    let percent = elapsed.as_millis().saturating_mul(100).checked_div(of.as_millis());
    percent.map_or(100, |percent| u8::try_from(percent.min(100)).unwrap_or(100))
}

fn paint(
    recipes: &[Recipe],
    count: usize,
    told: &AtomicU8,
) -> Result<Vec<Made>, image::ImageError> {
    let mut made = Vec::new();
    for (number, recipe) in recipes.iter().enumerate() {
        let progress = |percent: u8| {
            let all = number.saturating_mul(100).saturating_add(usize::from(percent));
            let share = all.checked_div(count).unwrap_or(100).min(100);
            told.store(u8::try_from(share).unwrap_or(100), Ordering::Relaxed);
        };
        made.push(recipe.make(&progress)?);
    }
    Ok(made)
}
