package hikyaku.stores.rocksdb;

import java.nio.charset.StandardCharsets;

/** The column families; {@code rocksdb_records.proto} says what each holds. */
enum Column {
  META("default"),
  LOGS("logs"),
  ENTRIES("entries"),
  SNAPSHOTS("snapshots"),
  ANSWERS("answers"),
  CHANGES("changes"),
  BLOBS("blobs"),
  CHUNKS("chunks"),
  REFERENCES("references");

  private final String label;

  Column(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  byte[] octets() {
    return label.getBytes(StandardCharsets.US_ASCII);
  }
}
