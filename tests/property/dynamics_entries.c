/* Every entry of the table of dynamical models. */
#include "eveil/dynamics.h"
#include "entries.h"

int main(int n_arguments, char **argument) {
  static const int samples[] = {5000, 0};
  table = evl_models;
  return run_properties(n_arguments, argument, samples);
}
