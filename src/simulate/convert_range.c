/* convert_range: the range of every signal, so that digital steps are those of the source. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "convert_priv.h"

enum { MOST_16 = 65535, MOST_24 = 16777215 };

/* The step by the header, else the coarsest decimal of which all samples are multiples, to a hundred-thousandth of
   their range; 0: unknown. */
static double step_of(const evl_convert_signal *signal, const evl_convert_seen *seen) {
  if (signal->step > 0) return signal->step;
  for (int i = 0; i < EVL_CONVERT_DECIMALS; i++) {
    double unit = pow(10, -i);
    if (seen->off[i] <= 1e-6 && seen->off[i] * unit <= 1e-5 * (seen->high - seen->low)) return unit;
  }
  return 0;
}

static double steps_between(double low, double high, double step) { return round((high - low) / step); }

/* The source's own range where it holds all samples and needs no more than `most` steps, else that of the samples. */
static double known_range(const evl_convert_signal *signal, const evl_convert_seen *seen, double step, double most,
                          double *low, double *high) {
  bool known = isfinite(signal->physical_min) && isfinite(signal->physical_max);
  double origin = known ? signal->physical_min : 0;
  double first = floor((seen->low - origin) / step + 0.25), last = ceil((seen->high - origin) / step - 0.25);
  if (known && first >= 0 && seen->high <= signal->physical_max + 0.5 * step &&
      steps_between(signal->physical_min, signal->physical_max, step) <= most) {
    *low = signal->physical_min;
    *high = signal->physical_max;
  } else {
    *low = origin + first * step;
    *high = origin + fmax(last, first + 1) * step;
  }
  return steps_between(*low, *high, step);
}

/* The whole of the digits over the samples; a constant lies in the middle. */
static double free_range(const evl_convert_seen *seen, double most, double *low, double *high) {
  *low = seen->low;
  *high = seen->high;
  if (seen->low < seen->high) return most;
  *low = seen->low - fmax(1, 1e-3 * fabs(seen->low));
  *high = 2 * seen->low - *low;
  return most - 1;
}

static bool put_range(double low, double high, double steps, evl_edf_track *t) {
  char text[16];
  t->physical_min = evl_edf_number(low, 0, 8, text);
  t->physical_max = evl_edf_number(high, 0, 8, text);
  t->digital_min = -(int32_t)((steps + 1) / 2);
  t->digital_max = t->digital_min + (int32_t)steps;
  return t->physical_min < t->physical_max;
}

/* Every value of the source on a digit of its own: false where the header's eight characters move the ends too far. */
static bool keeps_steps(const evl_edf_track *t, double low, double high, double step) {
  return fabs(t->physical_min - low) <= 0.25 * step && fabs(t->physical_max - high) <= 0.25 * step;
}

/* Both ends outwards, so that the samples are inside. */
static bool put_free(const evl_convert_seen *seen, double most, evl_edf_track *t) {
  char text[16];
  double low, high, steps = free_range(seen, most, &low, &high);
  put_range(low, high, steps, t);
  double outer = evl_edf_number(low, -1, 8, text);
  if (t->physical_min > seen->low) t->physical_min = outer;
  outer = evl_edf_number(high, 1, 8, text);
  if (t->physical_max < seen->high) t->physical_max = outer;
  return t->physical_min < t->physical_max && t->physical_min <= seen->low && t->physical_max >= seen->high;
}

/* False where `most` steps lose digits: of a source without steps 24 bits lose none, as single precision has no more;
   `track` is good all the same. *error: no header can hold the range. */
static bool fit(const evl_convert_signal *signal, const evl_convert_seen *seen, double most, evl_edf_track *t,
                bool *error) {
  double low, high, step = step_of(signal, seen);
  *error = false;
  if (step > 0) {
    double steps = known_range(signal, seen, step, most, &low, &high);
    if (steps >= 1 && steps <= most && put_range(low, high, steps, t) && keeps_steps(t, low, high, step)) return true;
  }
  *error = !put_free(seen, most, t);
  double made = (t->physical_max - t->physical_min) / (t->digital_max - t->digital_min);
  return seen->low == seen->high || (step > 0 ? made <= 0.5 * step : most == MOST_24);
}

static evl_status refuse(const evl_convert *c, int s) {
  const evl_convert_signal *signal = &c->source->signal[c->of[s]];
  return evl_fail(EVL_LIMIT, "%s: signal %s: a range of %g to %g %s does not fit into the 8 characters that a header "
                  "has", c->source->path, signal->label, c->seen[c->of[s]].low, c->seen[c->of[s]].high, signal->unit);
}

/* Of the signals whose steps the file cannot keep: how many, and the coarsest. */
static evl_status fit_all(evl_convert *c, double most, int *n_lost, int *worst) {
  double coarsest = 0;
  *n_lost = 0;
  for (int s = 0; s < c->n_signals; s++) {
    bool error;
    evl_edf_track *t = &c->track[s];
    bool kept = fit(&c->source->signal[c->of[s]], &c->seen[c->of[s]], most, t, &error);
    if (error) return refuse(c, s);
    if (kept) continue;
    double step = (t->physical_max - t->physical_min) / (t->digital_max - t->digital_min);
    if (!(*n_lost)++ || step > coarsest) {
      coarsest = step;
      *worst = s;
    }
  }
  return EVL_OK;
}

static void tell_loss(evl_convert *c, int n_lost, int worst) {
  const evl_edf_track *t = &c->track[worst];
  const evl_convert_signal *signal = &c->source->signal[c->of[worst]];
  double made = (t->physical_max - t->physical_min) / (t->digital_max - t->digital_min);
  double step = step_of(signal, &c->seen[c->of[worst]]);
  char source[48] = "the source has no steps";
  if (step > 0) snprintf(source, sizeof source, "the source has steps of %.3g", step);
  evl_convert_note(c, "%d bits lose digits of %d signal%s: steps of %.3g %s in %s, %s", c->wide ? 24 : 16, n_lost,
                   n_lost == 1 ? "" : "s", made, t->unit, t->label, source);
}

evl_status evl_convert_ranges(evl_convert *c, evl_convert_format format) {
  int n_lost, worst = 0;
  c->wide = format == EVL_CONVERT_BDF;
  EVL_TRY(fit_all(c, c->wide ? MOST_24 : MOST_16, &n_lost, &worst));
  if (n_lost && format == EVL_CONVERT_ANY) {
    const evl_edf_track *t = &c->track[worst];
    evl_convert_note(c, "24 bits, because 16 would lose digits of %d signal%s: steps of %.3g %s in %s", n_lost,
                     n_lost == 1 ? "" : "s", (t->physical_max - t->physical_min) / (t->digital_max - t->digital_min),
                     t->unit, t->label);
    c->wide = true;
    EVL_TRY(fit_all(c, MOST_24, &n_lost, &worst));
  }
  if (n_lost) tell_loss(c, n_lost, worst);
  return EVL_OK;
}
