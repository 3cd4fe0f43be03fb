package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.stores.rocksdb.proto.BlobRecord;

/** Where a blob is; the components are those of {@code BlobRecord}. */
record BlobState(long number, long size, int chunkSize, long put, long fileOctets) {
  /** Whether the chunks are in a file of the blob's own. */
  boolean hasFile() {
    return fileOctets > 0;
  }

  BlobState putAt(long time) {
    return new BlobState(number, size, chunkSize, Math.max(put, time), fileOctets);
  }

  int chunks() {
    return (int) ((size + chunkSize - 1) / chunkSize);
  }

  BlobRecord toRecord() {
    return BlobRecord.newBuilder()
        .setNumber(number)
        .setSize(size)
        .setChunkSize(chunkSize)
        .setPut(put)
        .setFileOctets(fileOctets)
        .build();
  }

  static BlobState decode(BlobId id, byte[] frame) {
    BlobRecord record = Frames.decode(Column.BLOBS, Keys.blob(id), frame, BlobRecord.parser());
    return new BlobState(
        record.getNumber(),
        record.getSize(),
        record.getChunkSize(),
        record.getPut(),
        record.getFileOctets());
  }
}
