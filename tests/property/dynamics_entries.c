/* Every entry of the table of dynamical models. */
#include "eveil/dynamics.h"
#include "entries.h"

int main(void) {
  static const int samples[] = {5000, 0};
  table = evl_models;
  return run_properties(samples);
}
