package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;

/** The chunks of one blob, wherever they are. Used by one thread. */
@FunctionalInterface
interface BlobChunks extends AutoCloseable {
  /**
   * The octets of one.
   *
   * @param spare nobody's any more: the octets may come in it, if they are as many
   * @throws StoreException.Corrupt if it is missing or damaged
   */
  byte[] chunk(int index, byte[] spare);

  /** Lets go of what was read ahead. More chunks may be asked for afterwards. */
  @Override
  default void close() {}
}
