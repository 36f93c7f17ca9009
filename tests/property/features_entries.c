/* Every entry of the table of features. */
#include "eveil/features.h"
#include "entries.h"

int main(int n_arguments, char **argument) {
  static const int samples[] = {3000, 18750, 0};
  table = evl_features;
  return run_properties(n_arguments, argument, samples);
}
