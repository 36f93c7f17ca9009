/* robinson_spectrum: the spectrum of the corticothalamic field. */
#include "robinson_wide_priv.h"

enum { PADDED_MODES = 16 };

static const double blur_m = 0.1; /* 1 / k0 */

evl_loops evl_robinson_of_xyz(const evl_robinson_xyz *p) {
  const double sum = p->alpha + p->beta, z = p->Z * sum * sum / (p->alpha * p->beta);
  return (evl_loops){.a = {1.0, 0.0, z, 0.0}, .b = {p->X, 0.0, p->X * z, 0.0}, .c = {p->Y * (1.0 + z), 0.0, 0.0, 0.0},
                     .drive = 0, .alpha = p->alpha, .beta = p->beta, .t0_s = p->t0_s};
}

evl_loops evl_robinson_of_gains(const evl_robinson_gains *g) {
  return (evl_loops){.a = {1.0, -g->ei, -g->srs, g->ei * g->srs}, .b = {0.0, g->ee, 0.0, -g->ee * g->srs},
                     .c = {0.0, 0.0, g->ese, g->esre}, .drive = 2, .alpha = g->alpha, .beta = g->beta, .t0_s = g->t0_s};
}

evl_robinson_xyz evl_robinson_reduce(const evl_robinson_gains *g) {
  const double sum = g->alpha + g->beta;
  return (evl_robinson_xyz){.X = g->ee / (1.0 - g->ei), .Y = (g->ese + g->esre) / ((1.0 - g->srs) * (1.0 - g->ei)),
                            .Z = -g->srs * g->alpha * g->beta / (sum * sum), .alpha = g->alpha, .beta = g->beta,
                            .t0_s = g->t0_s};
}

evl_status evl_robinson_grid_plan(int n, double first_hz, double step_hz, evl_arena *arena, evl_robinson_grid *grid) {
  *grid = (evl_robinson_grid){.n = n, .padded = (n + LANES - 1) / LANES * LANES, .first = 2.0 * M_PI * first_hz,
                              .step = 2.0 * M_PI * step_hz};
  EVL_NEW(arena, grid->omega, grid->padded);
  EVL_NEW(arena, grid->wave_real, grid->padded);
  EVL_NEW(arena, grid->wave_imaginary, grid->padded);
  for (int i = 0; i < grid->padded; i++) {
    const double w = 2.0 * M_PI * (first_hz + i * step_hz);
    grid->omega[i] = w;
    grid->wave_real[i] = 1.0 - (w / gamma_hz) * (w / gamma_hz);
    grid->wave_imaginary[i] = 2.0 * w / gamma_hz;
  }
  return EVL_OK;
}

/* The 15 values of k^2 re^2 among the 81 modes, and how much each adds: their number times exp(-k^2 / k0^2). */
typedef struct modes { double stiffness[PADDED_MODES], weight[PADDED_MODES]; } modes;

static modes find_modes(void) {
  enum { LAST = 4 };
  const double unit = 2.0 * M_PI / sheet_m;
  modes m = {{0}, {0}};
  int n = 0;
  for (int a = 0; a <= LAST; a++)
    for (int b = a; b <= LAST; b++) {
      const double square = unit * unit * (a * a + b * b);
      const double many = (a ? 2.0 : 1.0) * (b ? 2.0 : 1.0) * (a == b ? 1.0 : 2.0);
      m.stiffness[n] = square * range_m * range_m;
      m.weight[n++] = many * exp(-square * blur_m * blur_m);
    }
  for (; n < PADDED_MODES; n++) m.stiffness[n] = 1.0; /* weight 0 */
  return m;
}

/* Sum of weight / ((stiffness + x)^2 + y^2): fractions brought over a common denominator by fours. */
static inline quad sum_modes(const modes *m, quad x, quad y) {
  const quad square = y * y;
  quad sum = all(0.0);
  for (int k = 0; k < PADDED_MODES; k += 4) {
    quad d[4], w[4];
    for (int i = 0; i < 4; i++) {
      const quad from = m->stiffness[k + i] + x;
      d[i] = from * from + square;
      w[i] = all(m->weight[k + i]);
    }
    const quad d01 = d[0] * d[1], d23 = d[2] * d[3];
    const quad n01 = w[0] * d[1] + w[1] * d[0], n23 = w[2] * d[3] + w[3] * d[2];
    sum += (n01 * d23 + n23 * d01) / (d01 * d23);
  }
  return sum;
}

void evl_robinson_spectrum(const evl_robinson_grid *g, const evl_loops *p, double *power) {
  static modes m;
  static bool known;
  if (!known) m = find_modes(), known = true;
  wide turn, e = phases(g->first, g->step, p->t0_s, &turn);
  for (int i = 0; i < g->padded; i += LANES) {
    const wide wave = {*(const quad *)(g->wave_real + i), *(const quad *)(g->wave_imaginary + i)};
    const wide_loops at = loops_at(p, *(const quad *)(g->omega + i), wave, e);
    const quad a_size = 1.0 / (at.a.re * at.a.re + at.a.im * at.a.im);
    const quad x = (at.d.re * at.a.re + at.d.im * at.a.im) * a_size, y = (at.d.im * at.a.re - at.d.re * at.a.im) * a_size;
    quad drive = a_size; /* |drive / A|^2; D_k / A = k^2 re^2 + x + i y */
    for (int k = 0; k < p->drive; k++) drive *= at.l_square;
    *(quad *)(power + i) = drive * sum_modes(&m, x, y);
    e = times(e, turn);
  }
}
