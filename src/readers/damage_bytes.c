/* damage_bytes: the second and the third witness, pairs of bytes and the smooth byte. */
#include "damage_priv.h"

#include <math.h>
#include <string.h>

enum { LF = 0x0A, CR = 0x0D };

void evl_pairs_scan(evl_pairs *pairs, const uint8_t *bytes, size_t n) {
  const uint8_t *end = bytes + n;
  for (const uint8_t *at = bytes; at < end && (at = memchr(at, LF, (size_t)(end - at))); at++) {
    int before = at[-1] - CR;
    pairs->lf++;
    if (before == 0) {
      pairs->crlf++;
      pairs->crlf_runs += !(at[-3] == CR && at[-2] == LF);
    } else if (before >= -2 && before <= 2) {
      pairs->near[before < 0 ? before + 2 : before + 1]++;
    }
  }
  /* CR as the first of a pair whose second lies in bytes */
  const uint8_t *last = end - 1;
  for (const uint8_t *at = bytes - 1; at < last && (at = memchr(at, CR, (size_t)(last - at))); at++) {
    int after = at[1] - LF;
    if (after != 0 && after >= -2 && after <= 2) pairs->near[after < 0 ? after + 6 : after + 5]++;
  }
}

/* log P(X <= k) of a Poisson count of mean m. */
static double log_poisson_below(int64_t k, double mean) {
  double term = 1.0, sum = 1.0; /* relative to exp(-mean) */
  for (int64_t i = 1; i <= k; i++) {
    term *= mean / (double)i;
    sum += term;
  }
  return log(sum) - mean;
}

const char *evl_pairs_judge(const evl_pairs *pairs, int64_t excess) {
  /* An LF follows a CR by chance in one of a hundred; repeats of one sample value count once. */
  if (pairs->lf > 0 && pairs->lf == pairs->crlf && (pairs->crlf_runs >= 3 || pairs->lf == excess))
    return "every LF follows a CR";
  int64_t sorted[8], sum = 0;
  for (int i = 0; i < 8; i++) {
    int j = i;
    for (; j > 0 && sorted[j - 1] > pairs->near[i]; j--) sorted[j] = sorted[j - 1];
    sorted[j] = pairs->near[i];
  }
  for (int i = 1; i < 7; i++) sum += sorted[i];
  /* The extremes are left out: one sample value that is held long is common. Where the rest still
     differ by more than chance allows, counts are no smooth function of the pair and tell nothing. */
  double mean = (double)sum / 6.0;
  if (sorted[6] > 3 * sorted[1] || (double)pairs->crlf > mean / 2.0) return NULL;
  return log_poisson_below(pairs->crlf, mean) < log(1e-5) ? "CR LF is missing among its like" : NULL;
}

/* Mean |difference| of each byte of the samples from one sample to the next, modulo 256. */
static void roughness(const uint8_t *piece, int width, double *rough) {
  uint8_t step[EVL_DAMAGE_PIECE];
  int n = EVL_DAMAGE_PIECE - width;
  for (int i = 0; i < n; i++) {
    int difference = (int8_t)(uint8_t)(piece[i + width] - piece[i]);
    step[i] = (uint8_t)(difference < 0 ? -difference : difference);
  }
  for (int b = 0; b < width; b++) {
    int sum = 0;
    for (int i = b; i < n; i += width) sum += step[i];
    rough[b] = (double)sum * width / n;
  }
}

/* 1: another byte is far smoother than the high one; 0: the high one is far smoother; -1: neither.
   A byte that hardly changes is no witness: samples may be multiples of 256. */
static int slipped(const uint8_t *piece, int width) {
  double rough[3] = {0.0, 0.0, 0.0}, smooth = HUGE_VAL, roughest = 0.0, high;
  roughness(piece, width, rough);
  high = rough[width - 1];
  for (int b = 0; b < width - 1; b++) {
    smooth = fmin(smooth, rough[b]);
    roughest = fmax(roughest, rough[b]);
  }
  if (high >= 6.0 && smooth >= 0.1 && 3.0 * smooth <= high) return 1;
  return roughest >= 6.0 && 3.0 * high <= roughest ? 0 : -1;
}

enum { ENOUGH = 32 }; /* pieces for a judgement */

static void end_span(evl_phases *phases) {
  int64_t percent = 100 * phases->span_slipped / phases->span_judged;
  if (phases->spans == 0 || percent < phases->cleanest) phases->cleanest = percent;
  if (phases->spans == 0 || percent > phases->dirtiest) phases->dirtiest = percent;
  phases->spans++;
  phases->span_judged = phases->span_slipped = 0;
}

void evl_phases_scan(evl_damage *damage, int64_t start, const uint8_t *bytes, size_t n) {
  evl_phases *phases = &damage->phases;
  int64_t record = damage->record_bytes;
  for (size_t i = 0; i + EVL_DAMAGE_PIECE <= n; i += EVL_DAMAGE_PIECE) {
    int64_t at = start + (int64_t)i;
    bool learning = at < 2 * record || phases->learned < ENOUGH;
    if (!learning && at < damage->sound) continue;
    int vote = slipped(bytes + i, damage->width);
    if (vote < 0) continue;
    if (at >= phases->span_end) {
      if (phases->span_judged >= ENOUGH) end_span(phases);
      phases->span_end = at - at % record + record;
    }
    phases->judged++;
    phases->slipped += vote;
    phases->span_judged++;
    phases->span_slipped += vote;
    phases->run = vote ? phases->run + 1 : 0;
    phases->learned += learning;
    int64_t *longest = learning ? &phases->reference_run : &phases->longest_run;
    if (phases->run > *longest) *longest = phases->run;
  }
}

void evl_phases_sound(evl_phases *phases) {
  *phases = (evl_phases){.learned = phases->learned, .reference_run = phases->reference_run};
}

bool evl_phases_judge(const evl_phases *phases, bool truncated) {
  /* All of it slipped, or one record while another did not. A channel of odd contents would show in
     every record alike. */
  if (phases->judged >= ENOUGH && 100 * phases->slipped >= 70 * phases->judged) return true;
  if (phases->spans >= 2 && phases->cleanest <= 15 && phases->dirtiest >= 85) return true;
  if (phases->learned < ENOUGH) return false;
  if (phases->reference_run <= 2 && phases->longest_run >= 12) return true;
  /* A cut file may have slipped in its very last bytes. */
  return truncated && phases->reference_run == 0 && phases->run >= 3;
}
