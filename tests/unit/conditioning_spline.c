/* Splines and the potential at infinity by closed forms: harmonics on a sphere, dipoles in spheres. */
#include "../../src/conditioning/conditioning_priv.h"
#include "check.h"

enum { N = 150 };
static double point[N][3], work[2 * N * N + N], matrix[N * N];

/* Points spread evenly over the sphere, along a spiral. */
static void spiral(int n) {
  for (int i = 0; i < n; i++) {
    double z = 1 - (2 * i + 1.0) / n, r = sqrt(1 - z * z), angle = i * M_PI * (3 - sqrt(5));
    point[i][0] = r * cos(angle), point[i][1] = r * sin(angle), point[i][2] = z;
  }
}
#define POINTS ((const double (*)[3])point)

/* Real harmonics of degree 1 to 4, not about the axis of the spiral. */
static double harmonic(int degree, const double *p) {
  double x = p[0], y = p[1], z = p[2], u = 0.6 * x + 0.8 * z;
  switch (degree) {
    case 0: return 1;
    case 1: return y + 0.3 * z;
    case 2: return x * y + 0.5 * (3 * u * u - 1);
    case 3: return 0.5 * (5 * u * u * u - 3 * u) + x * y * z;
    default: return (35 * u * u * u * u - 30 * u * u + 3) / 8;
  }
}

/* Minus the Laplacian of a harmonic of degree l on a sphere of radius r is l (l + 1) / r^2 times itself. */
static void laplacian_of_harmonics(void) {
  const double radius_m = 0.08;
  spiral(N);
  for (int stiffness = 3; stiffness <= 5; stiffness++) {
    CHECK(evl_spline_csd(N, POINTS, stiffness, 0.0, radius_m, work, matrix) == EVL_OK);
    for (int degree = 0; degree <= 4; degree++) {
      double worst = 0;
      for (int i = 0; i < N; i++) {
        double sum = 0, expected = degree * (degree + 1) * harmonic(degree, point[i]);
        for (int j = 0; j < N; j++) sum += matrix[i * N + j] * harmonic(degree, point[j]);
        worst = fmax(worst, fabs(sum * radius_m * radius_m - expected));
      }
      printf("# stiffness %d, degree %d: error %.2g\n", stiffness, degree, worst);
      CHECK(worst < (stiffness == 3 ? 0.01 : 2e-4) * (degree ? degree * degree * degree : 1));
    }
  }
}

/* A harmonic at places between electrodes; constants, smoothing or not. */
static void harmonics_between_electrodes(void) {
  static double weight[10 * N], to[10][3];
  spiral(N);
  for (int k = 0; k < 10; k++) {
    double z = 0.9 - 0.2 * k, r = sqrt(1 - z * z);
    to[k][0] = r * cos(k + 0.3), to[k][1] = r * sin(k + 0.3), to[k][2] = z;
  }
  for (int smooth = 0; smooth < 2; smooth++) {
    CHECK(evl_spline_interpolate(N, POINTS, 10, (const double (*)[3])to, smooth * 1e-5, work, weight) == EVL_OK);
    for (int k = 0; k < 10; k++)
      for (int degree = 0; degree <= 4; degree++) {
        double sum = 0;
        for (int i = 0; i < N; i++) sum += weight[k * N + i] * harmonic(degree, point[i]);
        if (degree == 0) CHECK_NEAR(sum, 1.0, smooth ? 1e-10 : 1e-6);
        else if (!smooth) CHECK_NEAR(sum, harmonic(degree, to[k]), 1e-4);
      }
  }
}

/* At an electrode itself, without smoothing, the value of the electrode. */
static void through_the_electrodes(void) {
  enum { FEW = 30 };
  static double weight[FEW * FEW];
  spiral(FEW);
  CHECK(evl_spline_interpolate(FEW, POINTS, FEW, POINTS, 0.0, work, weight) == EVL_OK);
  for (int i = 0; i < FEW; i++)
    for (int j = 0; j < FEW; j++) CHECK_NEAR(weight[i * FEW + j], i == j, 1e-9);
}

static void legendre_polynomials(void) {
  const double c[6] = {0, 0.5, -2, 1, 0.25, 3};
  for (double x = -1; x <= 1; x += 0.125) {
    double p2 = (3 * x * x - 1) / 2, p3 = (5 * x * x - 3) * x / 2, p4 = (35 * pow(x, 4) - 30 * x * x + 3) / 8;
    double p5 = (63 * pow(x, 5) - 70 * pow(x, 3) + 15 * x) / 8;
    CHECK_NEAR(evl_legendre_sum(c, 5, x), 0.5 * x - 2 * p2 + p3 + 0.25 * p4 + 3 * p5, 1e-14);
  }
}

/* A radial dipole in one sphere: 1/(4 pi sigma) (2 (x - r) / d^3 + (1 / d - 1) / r), d^2 = 1 + r^2 - 2 r x. Three
   shells of one conductivity are one sphere; a skull of 1/80 takes most of the potential, of high degrees the more. */
static void dipole_in_a_sphere(void) {
  const double one = 1, sigma[3] = {0.3, 0.3, 0.3}, radius[3] = {0.87, 0.92, 1}, skull[3] = {0.3, 0.3 / 80, 0.3};
  double a[301], b[301], c[301];
  for (double r = 0.1; r < 0.85; r += 0.15) {
    evl_rest_field(1, &one, sigma, r, 300, a);
    evl_rest_field(3, radius, sigma, r, 300, b);
    evl_rest_field(3, radius, skull, r, 300, c);
    for (double x = -1; x <= 1; x += 0.1) {
      double d = sqrt(1 + r * r - 2 * r * x);
      double expected = (2 * (x - r) / (d * d * d) + (1 / d - 1) / r) / (4 * M_PI * 0.3);
      CHECK_NEAR(evl_legendre_sum(a, 300, x), expected, 1e-11);
      CHECK_NEAR(evl_legendre_sum(b, 300, x), expected, 1e-9);
    }
    CHECK(c[1] > 0 && c[1] < 0.7 * a[1] && c[10] / a[10] < 0.5 * c[1] / a[1]);
  }
}

/* Weights of the potential at infinity sum to 1; electrodes spread all over the sphere weigh alike. */
static void weights_at_infinity(void) {
  double weight[100];
  spiral(100);
  CHECK(evl_rest_weights(100, POINTS, work, weight) == EVL_OK);
  double sum = 0, least = 1, most = 0;
  for (int i = 0; i < 100; i++) sum += weight[i], least = fmin(least, weight[i]), most = fmax(most, weight[i]);
  CHECK_NEAR(sum, 1.0, 1e-12);
  CHECK(least > 0.008 && most < 0.012);
}

/* Dipoles of any place within, seen by a cap of electrodes: the estimated reference is nearer to infinity than the
   average is. */
static void nearer_than_the_average(void) {
  enum { CAP = 60, DIPOLES = 200 };
  const double radius[3] = {0.87, 0.92, 1}, sigma[3] = {1, 1 / 80.0, 1};
  double weight[CAP], a[101], rest = 0, average = 0;
  spiral(100); /* the upper 60 % of the sphere */
  CHECK(evl_rest_weights(CAP, POINTS, work, weight) == EVL_OK);
  for (int k = 0; k < DIPOLES; k++) {
    double r = 0.3 + 0.5 * k / DIPOLES, z = -0.2 + 1.2 * ((k * 37) % DIPOLES) / DIPOLES, angle = 2.4 * k;
    const double at[3] = {sqrt(1 - z * z) * cos(angle), sqrt(1 - z * z) * sin(angle), z};
    evl_rest_field(3, radius, sigma, r, 100, a);
    double by_weight = 0, by_mean = 0, power = 0;
    for (int i = 0; i < CAP; i++) {
      double v = evl_legendre_sum(a, 100, evl_position_cosine(point[i], at));
      by_weight += weight[i] * v, by_mean += v / CAP, power += v * v / CAP;
    }
    rest += by_weight * by_weight / power, average += by_mean * by_mean / power;
  }
  printf("# share of the power that is left as an error: average %.3f, rest %.3f\n", average / DIPOLES, rest / DIPOLES);
  CHECK(rest < 0.25 * average);
}

int main(void) {
  RUN(laplacian_of_harmonics);
  RUN(harmonics_between_electrodes);
  RUN(through_the_electrodes);
  RUN(legendre_polynomials);
  RUN(dipole_in_a_sphere);
  RUN(weights_at_infinity);
  RUN(nearer_than_the_average);
  CHECK_DONE();
}
