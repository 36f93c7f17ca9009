/* Every entry of the table of dynamical models. */
#include "eveil/dynamics.h"
#include "entries.h"

int main(void) {
  table = evl_models;
  n_samples = 5000;
  return run_properties();
}
