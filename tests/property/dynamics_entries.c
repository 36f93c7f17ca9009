/* Every entry of the table of dynamical models. */
#include "eveil/dynamics.h"
#include "entries.h"

int main(int n_arguments, char **argument) {
  static const int samples[] = {5000, 0};
  static const char *const given_the_others[] = {"granger", "directed_transfer", "partial_directed_coherence", NULL};
  table = evl_models;
  joint = given_the_others;
  return run_properties(n_arguments, argument, samples);
}
