package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;

/** The chunks of one blob, wherever they are. */
@FunctionalInterface
interface BlobChunks {
  /**
   * The octets of one.
   *
   * @throws StoreException.Corrupt if it is missing or damaged
   */
  byte[] chunk(int index);
}
