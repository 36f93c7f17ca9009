/* reduce_columns: means, medians and trimmed means of many columns at once. Nothing is sorted: two order statistics are enclosed
   by bisection on the representation of doubles, whose order is that of the numbers, with counts of all columns abreast;
   what lies between them is summed. */
#include "parts_priv.h"

enum { LANES = 4 };
typedef double lanes __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef int64_t keys __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef uint64_t unsigned_keys __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

static lanes row(const double *v, int i) { return *(const lanes *)(v + (size_t)i * EVL_PART_LANES); }

/* Integers in the order of the numbers, and back: the same map. */
static keys flip(keys k) { return k ^ ((k < 0) & INT64_MAX); }
static keys key_of(lanes v) { return flip((keys)v); }
static lanes value_of(keys k) { return (lanes)flip(k); }

static lanes pick(keys mask, lanes yes, lanes no) { return (lanes)((mask & (keys)yes) | (~mask & (keys)no)); }

/* An order statistic being enclosed: count(v <= low) <= rank < count(v <= high). */
typedef struct enclosure { keys low, high, below, through; int rank; } enclosure;

static void narrow(enclosure *e, keys middle, keys count) {
  const keys above = count > e->rank;
  e->high = (above & middle) | (~above & e->high);
  e->through = (above & count) | (~above & e->through);
  e->low = (~above & middle) | (above & e->low);
  e->below = (~above & count) | (above & e->below);
}

static keys middle_of(const enclosure *e) {
  return e->low + (keys)(((unsigned_keys)e->high - (unsigned_keys)e->low) >> 1);
}

/* More than one element and more than one number are left. */
static bool is_open(const enclosure *e) {
  const keys several = (e->through - e->below > 1) & (keys)((unsigned_keys)e->high - (unsigned_keys)e->low != 1);
  return several[0] | several[1] | several[2] | several[3];
}

/* Elements of rank first and second, from 0, of four columns. */
static void order_statistics(const double *v, int n, int first, int second, lanes *a, lanes *b) {
  lanes least = row(v, 0), most = least;
  for (int i = 1; i < n; i++) {
    const lanes x = row(v, i);
    least = pick(x < least, x, least);
    most = pick(x > most, x, most);
  }
  const keys none = {0}, all = none + n;
  enclosure p = {key_of(least) - 1, key_of(most), none, all, first}, q = p;
  q.rank = second;
  for (int halved = 0; halved < 64 && (is_open(&p) || is_open(&q)); halved++) {
    const keys at_p = middle_of(&p), at_q = middle_of(&q);
    const lanes below_p = value_of(at_p), below_q = value_of(at_q);
    keys count_p = none, count_q = none;
    for (int i = 0; i < n; i++) {
      const lanes x = row(v, i);
      count_p -= x <= below_p;
      count_q -= x <= below_q;
    }
    narrow(&p, at_p, count_p);
    narrow(&q, at_q, count_q);
  }
  const lanes up_to_p = value_of(p.high), up_to_q = value_of(q.high);
  *a = *b = least;
  for (int i = 0; i < n; i++) {
    const lanes x = row(v, i);
    *a = pick((x <= up_to_p) & (x > *a), x, *a);
    *b = pick((x <= up_to_q) & (x > *b), x, *b);
  }
}

/* Mean of what is left without the `cut` least and the `cut` greatest. */
static lanes trimmed(const double *v, int n, int cut) {
  lanes a, b, sum = {0}, through_a = {0}, below_b = {0};
  const lanes one = sum + 1.0;
  order_statistics(v, n, cut, n - 1 - cut, &a, &b);
  for (int i = 0; i < n; i++) {
    const lanes x = row(v, i);
    sum += (lanes)((x > a) & (x < b) & (keys)x);
    through_a += (lanes)((x <= a) & (keys)one);
    below_b += (lanes)((x < b) & (keys)one);
  }
  /* equals of a and b that are kept */
  sum += a * (through_a - cut) + b * (n - cut - below_b);
  return pick(a == b, a, sum / (double)(n - 2 * cut));
}

static lanes mean(const double *v, int n) {
  lanes sum = {0};
  for (int i = 0; i < n; i++) sum += row(v, i);
  return sum / (double)n;
}

static lanes median(const double *v, int n) {
  lanes a, b;
  order_statistics(v, n, (n - 1) / 2, n / 2, &a, &b);
  return 0.5 * a + 0.5 * b;
}

void evl_reduce_columns(evl_reduce_rule reduction, const double *v, int n, double *out) {
  const int cut = (int)(0.1 * n);
  for (int k = 0; k < EVL_PART_LANES; k += LANES) {
    const lanes plain = mean(v + k, n);
    lanes reduced = plain;
    if (reduction == EVL_REDUCE_MEDIAN) reduced = median(v + k, n);
    if (reduction == EVL_REDUCE_TRIMMED && cut > 0) reduced = trimmed(v + k, n, cut);
    *(lanes *)(out + k) = pick(plain == plain, reduced, plain);
  }
}
