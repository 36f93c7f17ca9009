/* The parts of the vector autoregression against differences and sums written out: errors of modes, maps,
   forecasts over several steps, order by held-out error, one fit for all who ask. */
#include "../../src/dynamics/var_priv.h"
#include "bound_entry.h"

enum { C = 3, P = 2, N = 6000 };
static const double FS_HZ = 250.0;
static const double planted[P][C][C] = {{{0.9, 0.3, 0.0}, {0.0, 0.7, 0.2}, {-0.2, 0.0, 0.8}},
                                        {{-0.5, 0.0, 0.1}, {0.0, -0.4, 0.0}, {0.1, 0.0, -0.3}}};
static const uint8_t there[8];

/* [C][N], to be freed. */
static double *simulate(uint64_t index) {
  evl_random random;
  evl_random_begin(&random, 3, "test", "var_modes", index);
  double *x = calloc(C * N, sizeof *x);
  for (int t = 0; t < N; t++)
    for (int i = 0; i < C; i++) {
      double v = (i + 1) * evl_random_normal(&random);
      for (int k = 0; k < P && k < t; k++)
        for (int j = 0; j < C; j++) v += planted[k][i][j] * x[j * N + t - k - 1];
      x[i * N + t] = v;
    }
  return x;
}

typedef struct fitted { evl_arena *arena; evl_products *products; evl_var *var; evl_window window; } fitted;

static fitted fit(const double *x, evl_var_spec spec) {
  fitted f = {.arena = evl_arena_create()};
  const evl_shape shape = {.n_channels = C, .n_samples = N, .fs_hz = FS_HZ};
  spec.n_channels = C;
  spec.n_samples = N;
  f.window = (evl_window){.x = x, .ld = N, .n_channels = C, .n_samples = N, .fs_hz = FS_HZ, .channel_why = there};
  CHECK(evl_products_create(&shape, f.arena, &f.products) == EVL_OK);
  CHECK(evl_var_find(&spec, "test", f.products, f.arena, &f.var) == EVL_OK);
  evl_products_begin(f.products, &f.window);
  CHECK(evl_var_fit(f.var, &f.window) == EVL_WHY_VALUE);
  return f;
}

static evl_var_error errors_of(const fitted *f) {
  evl_var_error error;
  CHECK(evl_var_error_plan(&f->var->spec, f->products, f->arena, &error) == EVL_OK);
  evl_products_give_scratch(f->products, evl_arena_alloc(f->arena, evl_products_scratch_bytes(f->products)));
  evl_var_error_find(f->var, &error);
  return error;
}

/* The bias of a ridge that is 5 % of the variance falls to 0.05^4 of the coefficients, beside those without a ridge. */
static void test_ridge_leaves_no_bias(void) {
  double *x = simulate(0);
  fitted none = fit(x, (evl_var_spec){.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {0.0}});
  fitted some = fit(x, (evl_var_spec){.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {0.02}});
  double biased = 0.0, unbiased = 0.0;
  for (int k = 0; k < P * C * C; k++) {
    biased = fmax(biased, fabs(some.var->beta[k] - none.var->beta[k]));
    unbiased = fmax(unbiased, fabs(some.var->unbiased[k] - none.var->beta[k]));
    CHECK(none.var->unbiased[k] == none.var->beta[k]);
  }
  CHECK(biased > 0.02 && unbiased < 1e-3);
  evl_arena_free(none.arena);
  evl_arena_free(some.arena);
  free(x);
}

/* Without a ridge the textbook's: variance of the noise times the diagonal of inv(G). */
static void test_errors_of_coefficients(void) {
  double *x = simulate(1);
  fitted f = fit(x, (evl_var_spec){.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {0.0}});
  evl_var_error e = errors_of(&f);
  const int rows = P * C;
  double gram[P * C * P * C] = {0}, inverse[P * C * P * C] = {0}, noise[C] = {0};
  const evl_var *v = f.var;
  for (int t = P; t < N; t++) {
    double past[P * C];
    for (int r = 0; r < rows; r++) past[r] = v->z[(size_t)(r % C) * v->ld + (size_t)(t - 1 - r / C)];
    for (int r = 0; r < rows; r++)
      for (int q = 0; q < rows; q++) gram[q * rows + r] += past[r] * past[q];
    for (int a = 0; a < C; a++) {
      double residual = v->z[(size_t)a * v->ld + (size_t)t];
      for (int r = 0; r < rows; r++) residual -= v->beta[a * rows + r] * past[r];
      noise[a] += residual * residual / (N - P - rows);
    }
  }
  int pivot[P * C];
  for (int r = 0; r < rows; r++) inverse[r * rows + r] = 1.0;
  CHECK(evl_solve(rows, rows, gram, rows, pivot, inverse, rows) == EVL_OK);
  for (int a = 0; a < C; a++) {
    CHECK_NEAR(e.noise[a * C + a], noise[a], 1e-10);
    for (int r = 0; r < rows; r++) CHECK_NEAR(e.sd[a * rows + r] / sqrt(noise[a] * inverse[r * rows + r]), 1.0, 1e-9);
  }
  evl_arena_free(f.arena);
  free(x);
}

/* Standard errors of ln |lambda| and arg lambda: derivatives by differences, summed against M x N written out; M of the
   unit vectors. The map solves P(lambda) w = 0. */
static void test_errors_of_modes(void) {
  double *x = simulate(2);
  fitted f = fit(x, (evl_var_spec){.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {1e-2}});
  evl_var_error e = errors_of(&f);
  evl_var *v = f.var;
  evl_modes modes;
  evl_mode mode;
  const int rows = P * C;
  CHECK(evl_modes_plan(&modes, rows, f.arena) == EVL_OK && evl_mode_plan(&v->spec, &mode, f.arena) == EVL_OK);
  double m[P * C][P * C], slope[2][P * C][C];
  for (int r = 0; r < rows; r++) {
    double unit[2 * P * C] = {0}, to[2 * P * C], work[4 * P * C];
    unit[r] = 1.0;
    evl_var_error_of(v, &e, unit, to, work);
    for (int q = 0; q < rows; q++) m[r][q] = to[q];
    for (int a = 0; a < C; a++) CHECK_NEAR(e.sd[a * rows + r] / sqrt(m[r][r] * e.noise[a * C + a]), 1.0, 1e-9);
  }
  CHECK(evl_modes_find(&modes, v->unbiased, C, P) == EVL_WHY_VALUE && modes.n_oscillating > 0);
  const int k = modes.oscillating[0];
  const double re = modes.real[k], im = modes.imaginary[k];
  for (int r = 0; r < rows; r++)
    for (int a = 0; a < C; a++) {
      const double step = 1e-6, kept = v->unbiased[a * rows + r];
      double log_radius[2], angle[2];
      for (int side = 0; side < 2; side++) {
        v->unbiased[a * rows + r] = kept + (side ? step : -step);
        CHECK(evl_modes_find(&modes, v->unbiased, C, P) == EVL_WHY_VALUE);
        int near = 0;
        double nearest = INFINITY;
        for (int j = 0; j < rows; j++) {
          const double away = hypot(modes.real[j] - re, modes.imaginary[j] - im);
          if (away < nearest) nearest = away, near = j;
        }
        log_radius[side] = log(hypot(modes.real[near], modes.imaginary[near]));
        angle[side] = atan2(modes.imaginary[near], modes.real[near]);
      }
      v->unbiased[a * rows + r] = kept;
      slope[0][r][a] = (log_radius[1] - log_radius[0]) / (2.0 * step);
      slope[1][r][a] = (angle[1] - angle[0]) / (2.0 * step);
    }
  double variance[2] = {0};
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < rows; q++)
      for (int a = 0; a < C; a++)
        for (int b = 0; b < C; b++)
          for (int i = 0; i < 2; i++) variance[i] += slope[i][r][a] * slope[i][q][b] * m[r][q] * e.noise[a * C + b];
  CHECK(evl_mode_find(v, &e, re, im, FS_HZ, &mode));
  CHECK_NEAR(mode.per_s_sd / (FS_HZ * sqrt(variance[0])), 1.0, 1e-5);
  CHECK_NEAR(mode.hz_sd / (FS_HZ / (2.0 * M_PI) * sqrt(variance[1])), 1.0, 1e-5);
  double square = 0.0;
  for (int a = 0; a < C; a++) square += mode.map[0][a] * mode.map[0][a] + mode.map[1][a] * mode.map[1][a];
  CHECK_NEAR(square, 1.0, 1e-12);
  evl_arena_free(f.arena);
  free(x);
}

/* Two channels of which one oscillates and the other is noise: the map is the oscillating one's. */
static void test_map(void) {
  evl_random random;
  evl_random_begin(&random, 3, "test", "map", 0);
  double *x = calloc(2 * N, sizeof *x);
  for (int t = 2; t < N; t++) {
    x[t] = 2.0 * 0.97 * cos(0.25) * x[t - 1] - 0.97 * 0.97 * x[t - 2] + evl_random_normal(&random);
    x[N + t] = evl_random_normal(&random);
  }
  bound b;
  CHECK(bound_begin(&b, evl_model_find("var"), "order = 2; mode = (1);", 2, N, FS_HZ) == EVL_OK);
  bound_run(&b, x, N);
  const double *map = b.tensor_data[3];
  CHECK(map[0] > 0.99 && fabs(map[1]) < 1e-9 && hypot(map[2], map[3]) < 0.1);
  CHECK_NEAR(bound_value(&b, "band_frequency", 0, 0), bound_value(&b, "frequency", 0, 0), 1e-12);
  const double hz_sd = bound_value(&b, "frequency_sd", 0, 0), per_s_sd = bound_value(&b, "damping_sd", 0, 0);
  CHECK(fabs(bound_value(&b, "frequency", 0, 0) - 0.25 * FS_HZ / (2.0 * M_PI)) < 4.0 * hz_sd);
  CHECK(fabs(bound_value(&b, "damping", 0, 0) + log(0.97) * FS_HZ) < 4.0 * per_s_sd);
  CHECK(fabs(bound_value(&b, "damping_corrected", 0, 0) - bound_value(&b, "damping", 0, 0)) < 2.0 * per_s_sd);
  bound_free(&b);
  free(x);
}

/* Mean squares over all starts, one forecast after the other. */
static void test_several_steps(void) {
  static const double ahead[] = {1.0, 4.0, 9.0};
  double *x = simulate(4);
  fitted f = fit(x, (evl_var_spec){.n_train = N / 2, .max_order = P, .n_ridges = 1, .ridge = {1e-3}});
  evl_var_score score;
  CHECK(evl_var_score_plan(&f.var->spec, 3, ahead, &score, f.arena) == EVL_OK);
  evl_var_score_run(f.var, N / 2, N, &score);
  for (int i = 0; i < 3; i++) {
    const int h = (int)ahead[i];
    double model = 0.0, persistence = 0.0, states[9 * C];
    for (int t = N / 2 + P - 1; t + h < N; t++) {
      CHECK(evl_var_ahead(f.var, t, h, states));
      for (int a = 0; a < C; a++) {
        const double *z = f.var->z + (size_t)a * f.var->ld;
        model += (z[t + h] - states[(h - 1) * C + a]) * (z[t + h] - states[(h - 1) * C + a]);
        persistence += (z[t + h] - z[t]) * (z[t + h] - z[t]);
      }
    }
    const double n = (double)C * (N - h - (N / 2 + P - 1));
    CHECK_NEAR(score.model[i], model / n, 1e-12);
    CHECK_NEAR(score.persistence[i], persistence / n, 1e-12);
  }
  evl_var_score_run(f.var, N - 15, N, &score);
  CHECK(isnan(score.model[0]));
  evl_arena_free(f.arena);
  free(x);
}

/* The last quarter takes the planted order or some more, and never a penalty as large as the variance. */
static void test_order_by_held_out(void) {
  for (uint64_t i = 0; i < 5; i++) {
    double *x = simulate(10 + i);
    fitted f = fit(x, (evl_var_spec){.n_train = N, .max_order = 8, .choose = EVL_VAR_HELD_OUT, .n_ridges = 3,
                                     .ridge = {1e-4, 1e-2, 1.0}});
    CHECK(f.var->order >= P && f.var->order <= 5 && f.var->ridge < 1.0);
    evl_arena_free(f.arena);
    free(x);
  }
}

/* Halves of a series that repeats itself have the coefficients of the whole, nearly. */
static void test_halves(void) {
  double *x = simulate(20), half[2][P * C * C];
  for (int c = 0; c < C; c++) memcpy(x + c * N + N / 2, x + c * N, N / 2 * sizeof *x);
  fitted f = fit(x, (evl_var_spec){.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {1e-3}});
  CHECK(evl_var_half(f.var, 0, half[0]) && evl_var_half(f.var, 1, half[1]));
  for (int k = 0; k < P * C * C; k++)
    for (int h = 0; h < 2; h++) CHECK(fabs(half[h][k] - f.var->unbiased[k]) < 5e-3);
  evl_arena_free(f.arena);
  free(x);
}

/* Equal specifications are one fit, done once a window. */
static void test_shared(void) {
  double *x = simulate(30);
  const evl_var_spec spec = {.n_train = N, .max_order = P, .n_ridges = 1, .ridge = {1e-3}};
  fitted f = fit(x, spec);
  evl_var *again, *other;
  evl_var_spec longer = f.var->spec;
  CHECK(evl_var_find(&f.var->spec, "test", f.products, f.arena, &again) == EVL_OK && again == f.var);
  longer.max_order = P + 1;
  CHECK(evl_var_find(&longer, "test", f.products, f.arena, &other) == EVL_OK && other != f.var);
  const double kept = f.var->beta[0];
  f.var->beta[0] = 77.0;
  CHECK(evl_var_fit(again, &f.window) == EVL_WHY_VALUE && again->beta[0] == 77.0); /* not fitted again */
  evl_products_begin(f.products, &f.window);
  CHECK(evl_var_fit(again, &f.window) == EVL_WHY_VALUE && again->beta[0] == kept);
  evl_arena_free(f.arena);
  free(x);
}

int main(void) {
  RUN(test_ridge_leaves_no_bias);
  RUN(test_errors_of_coefficients);
  RUN(test_errors_of_modes);
  RUN(test_map);
  RUN(test_several_steps);
  RUN(test_order_by_held_out);
  RUN(test_halves);
  RUN(test_shared);
  CHECK_DONE();
}
