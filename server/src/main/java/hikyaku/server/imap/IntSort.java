package hikyaku.server.imap;

/** A stable sort of numbers that stand for something else, without an object for each. */
final class IntSort {
  /** So few are put in order one by one. */
  private static final int FEW = 8;

  private final int[] values;
  private final int[] spare;
  private final Order order;

  private IntSort(int[] values, Order order) {
    this.values = values;
    this.spare = new int[values.length];
    this.order = order;
  }

  /** As {@link java.util.Comparator}. */
  @FunctionalInterface
  interface Order {
    int compare(int one, int other);
  }

  static void sort(int[] values, Order order) {
    new IntSort(values, order).sort(0, values.length);
  }

  /** Merges halves; those that are in order already, as mail often is, are only looked at. */
  private void sort(int from, int to) {
    if (to - from < FEW) {
      insert(from, to);
      return;
    }
    int middle = (from + to) >>> 1;
    sort(from, middle);
    sort(middle, to);
    if (order.compare(values[middle - 1], values[middle]) <= 0) {
      return;
    }
    System.arraycopy(values, from, spare, from, middle - from);
    int left = from;
    int right = middle;
    for (int at = from; left < middle; at++) {
      boolean takesRight = right < to && order.compare(spare[left], values[right]) > 0;
      values[at] = takesRight ? values[right++] : spare[left++];
    }
  }

  private void insert(int from, int to) {
    for (int i = from + 1; i < to; i++) {
      int value = values[i];
      int at = i;
      for (; at > from && order.compare(values[at - 1], value) > 0; at--) {
        values[at] = values[at - 1];
      }
      values[at] = value;
    }
  }
}
