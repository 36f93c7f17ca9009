/* Every entry of the table of features. */
#include "eveil/features.h"
#include "entries.h"

int main(void) {
  table = evl_features;
  n_samples = 3000;
  return run_properties();
}
