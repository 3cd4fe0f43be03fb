package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.ChangePage;

/**
 * A place in the changes feed: {@code STORE-NUMBER}, the store's id in hexadecimal and the number
 * of the last change seen.
 *
 * @param foreign whether it is of another store, so that the number means nothing
 */
record Cursor(long number, boolean foreign) {
  static String print(int storeId, long number) {
    return "%08x-%d".formatted(storeId, number);
  }

  static Cursor parse(String text, int storeId) {
    if (text.equals(ChangePage.START)) {
      return new Cursor(0, /* foreign= */ false);
    }
    int dash = text.indexOf('-');
    try {
      if (dash == 8) {
        int store = Integer.parseUnsignedInt(text, 0, dash, 16);
        long number = Long.parseUnsignedLong(text, dash + 1, text.length(), 10);
        if (number >= 0) {
          return new Cursor(number, store != storeId);
        }
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("no cursor of the changes feed: " + text, e);
    }
    throw new IllegalArgumentException("no cursor of the changes feed: " + text);
  }
}
