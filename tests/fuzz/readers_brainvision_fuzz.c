/* BrainVision headers and markers with bytes changed. Meant to run under sanitizers, too. */
#include "readers_fuzz.h"

enum { FLIPS = 3000, FRAMES = 300 };

static const char header[] =
  "Brain Vision Data Exchange Header File Version 1.0\r\n; text\r\n[Common Infos]\r\nCodepage=UTF-8\r\n"
  "DataFile=$b.eeg\r\n"
  "MarkerFile=r.vmrk\r\nDataFormat=BINARY\r\nDataOrientation=%s\r\nNumberOfChannels=3\r\nSamplingInterval=4000\r\n"
  "SegmentationType=MARKERBASED\r\nSegmentDataPoints=100\r\n[Binary Infos]\r\nBinaryFormat=%s\r\n[Channel Infos]\r\n"
  "Ch1=Fp1,,0.5,\xC2\xB5V\r\nCh2=a\\1b,ref,10,mV\r\nCh3=x\r\n[Coordinates]\r\nCh1=1,-90,-72\r\nCh2=0,0,0\r\n"
  "[Comment]\r\nfree\r\n";

static void flips(void) {
  static const struct { const char *orientation, *format; size_t width; } kinds[] = {
    {"MULTIPLEXED", "INT_16", 2}, {"VECTORIZED", "IEEE_FLOAT_32", 4}};
  static uint8_t noise[FRAMES * 12];
  static char text[4096], kept[4096];
  fuzz_state = 20260401;
  for (size_t i = 0; i < sizeof noise; i++) noise[i] = (uint8_t)fuzz_random(256);
  fuzz_tally t = {0, 0};
  for (int k = 0; k < 2; k++) {
    scratch_clear();
    snprintf(text, sizeof text, header, kinds[k].orientation, kinds[k].format);
    snprintf(kept, sizeof kept, "%s", scratch_file("r.vhdr", text));
    scratch_bytes("r.eeg", noise, FRAMES * 3 * kinds[k].width);
    scratch_file("r.vmrk", "Brain Vision Data Exchange Marker File, Version 1.0\n[Marker Infos]\n"
                           "Mk1=New Segment,,1,1,0,20131113161403794232\nMk2=Stimulus,S  1,11,5,0\n"
                           "Mk3=New Segment,,151,1,0,20131113161503794232\nMk4=Comment,caf\xE9,280,0,0\n");
    int before = t.accepted;
    CHECK(fuzz_judge(kept, &t) && t.accepted == before + 1);
    fuzz_flips("r.vhdr", kept, FLIPS, &t);
    fuzz_flips("r.vmrk", kept, FLIPS / 2, &t);
    fuzz_flips("r.eeg", kept, 100, &t);
  }
  printf("# flips: %d accepted, %d refused\n", t.accepted, t.refused);
  CHECK(t.accepted > 100 && t.refused > 100);
}

int main(void) {
  scratch_begin();
  RUN(flips);
  scratch_end();
  CHECK_DONE();
}
