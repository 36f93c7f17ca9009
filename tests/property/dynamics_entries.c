/* Every entry of the table of dynamical models. */
#include "eveil/dynamics.h"
#include "entries.h"

int main(int n_arguments, char **argument) {
  static const int samples[] = {5000, 0};
  static const char *const given_the_others[] = {"granger", "directed_transfer", "partial_directed_coherence", NULL};
  static const char *const few_draws[][2] = {
      {"stuart_landau", "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.2;"},
      {"jansen_rit", "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.5; evaluations = 20000;"},
      {"robinson", "draws = 64; stored_draws = 10; effective = 20.0; r_hat_most = 1.5; evaluations = 20000;"},
      {"jansen_rit_filter", "noise_ratio = (10.0); pilot_s = 1.0;"},
      {"gradient_matching", "dimension = 1; coordinate = (1); knot_s = 0.024;"},
      {NULL, NULL}};
  table = evl_models;
  lighter = few_draws;
  joint = given_the_others;
  return run_properties(n_arguments, argument, samples);
}
