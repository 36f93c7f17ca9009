/* mass_filter: moments of gains times sigmoids of potentials, both Gaussian, and the Kalman filter on them.

   With m_j ~ N(mu_j, s_jj), S_j^2 = spread^2 + s_jj, beta_j = (mu_j - threshold) / S_j: E Phi_j = Phi(beta_j), and E
   Phi_j Phi_k = Phi_2(beta_j, beta_k; s_jk / (S_j S_k)) = Phi(beta_j) Phi(beta_k) + integral over t from 0 to asin
   rho of exp(- (beta_j^2 + beta_k^2 - 2 beta_j beta_k sin t) / (2 cos^2 t)) / 2 pi. Factors that are Gaussian too
   come out by Stein's lemma, with derivatives of these by mu_j. */
#include <string.h>

#include "mass_filter_priv.h"

enum { PYRAMIDAL, EXCITATORY, INHIBITORY, CELLS, PAIRS = 6, NODES = 6, N = EVL_FILTER_STATES, LD = EVL_FILTER_LD };
static const int before[EVL_SYNAPSES] = {PYRAMIDAL, PYRAMIDAL, EXCITATORY, INHIBITORY};
static const int pair_of[CELLS][CELLS] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
static const int first_of[PAIRS] = {0, 0, 0, 1, 1, 2}, second_of[PAIRS] = {0, 1, 2, 1, 2, 2};
/* Gauss and Legendre on (0, 1). */
static const double node[NODES] = {0.033765242898423986, 0.16939530676686775, 0.38069040695840155,
                                   0.61930959304159845,  0.83060469323313225, 0.96623475710157601};
static const double weight[NODES] = {0.085662246189585172, 0.18038078652406930, 0.23395696728634552,
                                     0.23395696728634552,  0.18038078652406930, 0.085662246189585172};

typedef struct cells {
  double mu[CELLS], cov[CELLS][CELLS];   /* of potentials */
  double with[CELLS][LD];                /* their covariance with the state */
  double s[CELLS], beta[CELLS], phi[CELLS], density[CELLS]; /* density: of the normal law at beta, over S */
} cells;

typedef struct pair { double f, f1, f2, f11, f12, f22; } pair; /* E Phi Phi and its derivatives by the means */

static void potentials(const evl_mass_filter *f, cells *c) {
  const double *x = f->mean;
  c->mu[PYRAMIDAL] = x[4] - x[6] + x[EVL_FILTER_INPUT];
  c->mu[EXCITATORY] = x[0];
  c->mu[INHIBITORY] = x[2];
  for (int i = 0; i < LD; i++) {
    c->with[PYRAMIDAL][i] = f->p[4][i] - f->p[6][i] + f->p[EVL_FILTER_INPUT][i];
    c->with[EXCITATORY][i] = f->p[0][i];
    c->with[INHIBITORY][i] = f->p[2][i];
  }
  for (int j = 0; j < CELLS; j++) {
    const double *w = c->with[j];
    c->cov[j][PYRAMIDAL] = w[4] - w[6] + w[EVL_FILTER_INPUT];
    c->cov[j][EXCITATORY] = w[0];
    c->cov[j][INHIBITORY] = w[2];
  }
  for (int j = 0; j < CELLS; j++) {
    c->s[j] = sqrt(f->spread_mv * f->spread_mv + fmax(c->cov[j][j], 0.0));
    c->beta[j] = (c->mu[j] - f->threshold_mv) / c->s[j];
    c->phi[j] = evl_normal_cdf(c->beta[j]);
    c->density[j] = exp(-0.5 * c->beta[j] * c->beta[j]) / sqrt(2.0 * M_PI) / c->s[j];
  }
}

/* sin x, |x| <= pi / 2, error below 1e-13. */
static double sine(double x) {
  const double y = x * x;
  return x * (1.0 + y * (-1.0 / 6.0 + y * (1.0 / 120.0 + y * (-1.0 / 5040.0 + y * (1.0 / 362880.0 + y *
         (-1.0 / 39916800.0 + y * (1.0 / 6227020800.0 + y * (-1.0 / 1307674368000.0 + y / 355687428096000.0))))))));
}

static void pairs(const cells *c, pair *pairs_of) {
  double rho[PAIRS], angle[PAIRS], exponent[PAIRS * NODES + PAIRS];
  for (int q = 0; q < PAIRS; q++) {
    const int j = first_of[q], k = second_of[q];
    rho[q] = fmin(fmax(c->cov[j][k] / (c->s[j] * c->s[k]), -0.999999), 0.999999);
    angle[q] = asin(rho[q]);
  }
  for (int q = 0; q < PAIRS; q++) {
    const double u = c->beta[first_of[q]], v = c->beta[second_of[q]], squares = u * u + v * v, twice = 2.0 * u * v;
    for (int i = 0; i < NODES; i++) {
      const double s = sine(angle[q] * node[i]);
      exponent[q * NODES + i] = -0.5 * (squares - twice * s) / (1.0 - s * s);
    }
    exponent[PAIRS * NODES + q] = -0.5 * (squares - twice * rho[q]) / (1.0 - rho[q] * rho[q]);
  }
  evl_exponential(exponent, PAIRS * NODES + PAIRS);
  for (int q = 0; q < PAIRS; q++) {
    const int j = first_of[q], k = second_of[q];
    const double *e = exponent + q * NODES, root = 1.0 / sqrt(1.0 - rho[q] * rho[q]), u = c->beta[j], v = c->beta[k];
    double sum = 0.0;
    for (int i = 0; i < NODES; i++) sum += weight[i] * e[i];
    const double both = exponent[PAIRS * NODES + q] * root / (2.0 * M_PI) / (c->s[j] * c->s[k]);
    const double below_k = c->density[j] * evl_normal_cdf((v - rho[q] * u) * root);
    const double below_j = j == k ? below_k : c->density[k] * evl_normal_cdf((u - rho[q] * v) * root);
    pairs_of[q] = (pair){.f = c->phi[j] * c->phi[k] + angle[q] * sum / (2.0 * M_PI), .f1 = below_k, .f2 = below_j,
                         .f11 = -u / c->s[j] * below_k - rho[q] * both * c->s[k] / c->s[j], .f12 = both,
                         .f22 = -v / c->s[k] * below_j - rho[q] * both * c->s[j] / c->s[k]};
  }
}

void evl_mass_filter_moments(const evl_mass_filter *f, double *mean, double covariance[EVL_SYNAPSES][EVL_SYNAPSES],
                             double with_state[EVL_SYNAPSES][EVL_FILTER_LD]) {
  cells c;
  pair of[PAIRS];
  potentials(f, &c);
  pairs(&c, of);
  const double *gain = f->mean + EVL_FILTER_GAIN;
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    const int j = before[n], g = EVL_FILTER_GAIN + n;
    const double cov = c.with[j][g], steep = (gain[n] - cov * c.beta[j] / c.s[j]) * c.density[j];
    mean[n] = gain[n] * c.phi[j] + cov * c.density[j];
    for (int i = 0; i < LD; i++) with_state[n][i] = f->p[g][i] * c.phi[j] + c.with[j][i] * steep;
  }
  for (int n = 0; n < EVL_SYNAPSES; n++)
    for (int m = 0; m <= n; m++) {
      const int flip = before[n] > before[m], a = flip ? m : n, b = flip ? n : m; /* cells of a pair ascend */
      const int j = before[a], k = before[b];
      const pair *q = &of[pair_of[j][k]];
      const double aj = c.with[j][EVL_FILTER_GAIN + a], ak = c.with[k][EVL_FILTER_GAIN + a];
      const double bj = c.with[j][EVL_FILTER_GAIN + b], bk = c.with[k][EVL_FILTER_GAIN + b];
      const double product = (gain[a] * gain[b] + f->p[EVL_FILTER_GAIN + a][EVL_FILTER_GAIN + b]) * q->f +
                             (gain[a] * bj + gain[b] * aj) * q->f1 + (gain[a] * bk + gain[b] * ak) * q->f2 +
                             aj * bj * q->f11 + ak * bk * q->f22 + (aj * bk + ak * bj) * q->f12;
      covariance[n][m] = covariance[m][n] = product - mean[n] * mean[m];
    }
}

/* v and w = tau v' of tau^2 v'' = h - 2 tau v' - v over a step of constant h. */
void evl_mass_filter_begin(evl_mass_filter *f, const double *gain_mv, const double *gain_share,
                           double offset_mv) {
  memset(f->mean, 0, sizeof f->mean);
  memset(f->p, 0, sizeof f->p);
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    const double r = f->dt_s / f->tau_s[n], e = exp(-r);
    f->a[n][0][0] = (1.0 + r) * e;
    f->a[n][0][1] = r * e;
    f->a[n][1][0] = -r * e;
    f->a[n][1][1] = (1.0 - r) * e;
    f->b[n][0] = 1.0 - (1.0 + r) * e;
    f->b[n][1] = r * e;
    f->mean[EVL_FILTER_GAIN + n] = gain_mv[n];
    f->p[EVL_FILTER_GAIN + n][EVL_FILTER_GAIN + n] = pow(gain_share[n] * gain_mv[n], 2);
    f->mean[2 * n] = 0.5 * gain_mv[n]; /* as if all cells were at the threshold */
    f->p[2 * n][2 * n] = f->p[2 * n + 1][2 * n + 1] = pow(0.25 * gain_mv[n], 2);
  }
  f->p[EVL_FILTER_OFFSET][EVL_FILTER_OFFSET] = offset_mv * offset_mv;
  f->mean[EVL_FILTER_INPUT] = f->threshold_mv - f->mean[4] + f->mean[6];
  f->p[EVL_FILTER_INPUT][EVL_FILTER_INPUT] = pow(0.25 * (gain_mv[2] + gain_mv[3]), 2);
}

/* Rows of the synapses: to := A p. */
static void rows_ahead(const evl_mass_filter *f, double (*p)[EVL_FILTER_LD]) {
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    double *v = p[2 * n], *w = p[2 * n + 1];
    for (int i = 0; i < LD; i++) {
      const double next = f->a[n][0][0] * v[i] + f->a[n][0][1] * w[i];
      w[i] = f->a[n][1][0] * v[i] + f->a[n][1][1] * w[i];
      v[i] = next;
    }
  }
}

static void vector_ahead(const evl_mass_filter *f, double *x) {
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    const double next = f->a[n][0][0] * x[2 * n] + f->a[n][0][1] * x[2 * n + 1];
    x[2 * n + 1] = f->a[n][1][0] * x[2 * n] + f->a[n][1][1] * x[2 * n + 1];
    x[2 * n] = next;
  }
}

/* P := A P A' + A C B' + B C' A' + B V B' + Q, with C = cov(x, h), V = cov(h, h): A P A' + B (C' A' + V B' / 2) and its
   transpose's second part. */
void evl_mass_filter_predict(evl_mass_filter *f) {
  double mean[EVL_SYNAPSES], v[EVL_SYNAPSES][EVL_SYNAPSES], u[EVL_SYNAPSES][LD];
  evl_mass_filter_moments(f, mean, v, u);
  vector_ahead(f, f->mean);
  for (int n = 0; n < EVL_SYNAPSES; n++) {
    f->mean[2 * n] += f->b[n][0] * mean[n];
    f->mean[2 * n + 1] += f->b[n][1] * mean[n];
    vector_ahead(f, u[n]);
    for (int m = 0; m < EVL_SYNAPSES; m++) {
      u[n][2 * m] += 0.5 * v[n][m] * f->b[m][0];
      u[n][2 * m + 1] += 0.5 * v[n][m] * f->b[m][1];
    }
  }
  rows_ahead(f, f->p);
  for (int i = 0; i < N; i++) vector_ahead(f, f->p[i]);
  for (int i = 0; i < 2 * EVL_SYNAPSES; i++) {
    const double *from = u[i / 2], b = f->b[i / 2][i % 2];
    for (int k = 0; k < LD; k++) f->p[i][k] += b * from[k];
    for (int k = 0; k < N; k++) f->p[k][i] += b * from[k];
  }
  for (int i = 0; i < N; i++) /* rounding */
    for (int k = 0; k < i; k++) f->p[i][k] = f->p[k][i] = 0.5 * (f->p[i][k] + f->p[k][i]);
  f->p[5][5] += f->q_rush;
  f->p[EVL_FILTER_INPUT][EVL_FILTER_INPUT] += f->q_input;
  for (int n = 0; n < EVL_SYNAPSES; n++) f->p[EVL_FILTER_GAIN + n][EVL_FILTER_GAIN + n] += f->q_gain[n];
}

/* The likeliest state whose gains are not negative, of those that are one by one (Simon 2010,
   doi:10.1049/iet-cta.2009.0032, estimate projection). */
static void keep_gains(evl_mass_filter *f) {
  enum { PASSES = 3 };
  for (int i = 0; i < PASSES * EVL_SYNAPSES; i++) {
    const int g = EVL_FILTER_GAIN + i % EVL_SYNAPSES;
    if (!(f->mean[g] < 0.0)) continue;
    const double beyond = f->mean[g] / f->p[g][g];
    for (int k = 0; k < N; k++) f->mean[k] -= f->p[g][k] * beyond;
    f->mean[g] = 0.0;
  }
  for (int n = 0; n < EVL_SYNAPSES; n++) f->mean[EVL_FILTER_GAIN + n] = fmax(f->mean[EVL_FILTER_GAIN + n], 0.0);
}

double evl_mass_filter_update(evl_mass_filter *f, double y, double inflation, double *variance) {
  double with[LD], k[LD];
  for (int i = 0; i < LD; i++)
    with[i] = f->p[4][i] - f->p[6][i] + f->p[EVL_FILTER_INPUT][i] + f->p[EVL_FILTER_OFFSET][i];
  const double innovation = y - (f->mean[4] - f->mean[6] + f->mean[EVL_FILTER_INPUT] + f->mean[EVL_FILTER_OFFSET]);
  *variance = with[4] - with[6] + with[EVL_FILTER_INPUT] + with[EVL_FILTER_OFFSET] + inflation * f->r;
  for (int i = 0; i < LD; i++) k[i] = with[i] / *variance;
  for (int i = 0; i < LD; i++) f->mean[i] += k[i] * innovation;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < LD; j++) f->p[i][j] -= with[i] * k[j];
  keep_gains(f);
  return innovation;
}
