/* Every entry of the table of features. */
#include "eveil/features.h"
#include "entries.h"

/* 19 surrogates of each channel by default; four channels have too few edges for a network of debiased estimates. */
/* 19 surrogates of each channel by default; on four electrodes in a rectangle two of the canonical microstates are the
   same. */
static const char *const fewer[][2] = {
    {"auto_mutual_information", "surrogates = 3;"},
    {"cao", "surrogates = 3;"},
    {"graph", "measure = \"wpli\";"},
    {"graph_variability", "measure = \"wpli\";"},
    {"correlation_dimension", "surrogates = 3;"},
    {"false_neighbours", "surrogates = 3;"},
    {"irreversibility", "surrogates = 3;"},
    {"zero_one_chaos", "surrogates = 3;"},
    {"lyapunov_kantz", "surrogates = 3;"},
    {"lyapunov_rosenstein", "surrogates = 3;"},
    {"lyapunov_spectrum", "surrogates = 3;"},
    {"microstates", "maps = \"window\";"},
    {"prediction_error", "surrogates = 3;"},
    {"recurrence", "surrogates = 3;"},
    {NULL, NULL}};

/* Medians over the other channels. */
static const char *const from_others[] = {"wsmi", NULL};

int main(int n_arguments, char **argument) {
  static const int samples[] = {3000, 18750, 0};
  table = evl_features;
  lighter = fewer;
  joint = from_others;
  return run_properties(n_arguments, argument, samples);
}
