package hikyaku.server.search;

import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.protocol.mime.FoldedText;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.FieldType;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.CodecReader;
import org.apache.lucene.index.ConcurrentMergeScheduler;
import org.apache.lucene.index.CorruptIndexException;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.IndexFormatTooNewException;
import org.apache.lucene.index.IndexFormatTooOldException;
import org.apache.lucene.index.IndexOptions;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.NumericDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreMode;
import org.apache.lucene.search.SearcherFactory;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.SimpleCollector;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.apache.lucene.util.BytesRef;
import org.jspecify.annotations.Nullable;

/**
 * The index in its directory: one document for each message, with its mailbox, its UID, its {@link
 * Print} and its grams. One thread writes; any may look up. Its calls read files and sync them.
 */
final class GramIndex implements AutoCloseable {
  private static final String ID = "id";
  private static final String LOG = "log";
  private static final String UID = "uid";
  private static final String PRINT = "print";
  private static final String GRAM = "gram";

  /** Of a long string so many grams are looked up; more would narrow it little further. */
  private static final int MOST_NEEDS = 64;

  private static final int MERGES = 3;
  private static final FieldType GRAMS = grams();

  /** Held, for the platform forgets what was set of loggers that nobody holds. */
  private static final Logger LUCENE = Logger.getLogger("org.apache.lucene");

  static {
    // It warns on standard error that a module of the platform is not there by which the
    // arithmetic of vectors would be faster, which nothing here needs.
    LUCENE.setLevel(Level.SEVERE);
  }

  private final Directory directory;
  private final IndexWriter writer;
  private final SearcherManager searchers;
  private final GramStream stream = new GramStream();

  private static FieldType grams() {
    FieldType type = new FieldType();
    type.setIndexOptions(IndexOptions.DOCS);
    type.setTokenized(true);
    type.setOmitNorms(true);
    type.freeze();
    return type;
  }

  private GramIndex(Directory directory, long memory) throws IOException {
    this.directory = directory;
    ConcurrentMergeScheduler merges = new ConcurrentMergeScheduler();
    merges.setMaxMergesAndThreads(MERGES, 1);
    IndexWriterConfig config =
        new IndexWriterConfig()
            .setRAMBufferSizeMB((double) memory / (1 << 20))
            .setMergeScheduler(merges)
            .setCommitOnClose(false);
    writer = new IndexWriter(directory, config);
    try {
      searchers = new SearcherManager(writer, new Plain());
    } catch (IOException | RuntimeException e) {
      writer.rollback();
      throw e;
    }
  }

  /** Searches as they come: nothing of them is cached. */
  private static final class Plain extends SearcherFactory {
    @Override
    public IndexSearcher newSearcher(IndexReader reader, @Nullable IndexReader before) {
      IndexSearcher searcher = new IndexSearcher(reader);
      searcher.setQueryCache(null);
      return searcher;
    }
  }

  /**
   * Opens the index, after every octet of it was checked; makes an empty one if there is none, or
   * if it is damaged or of another version.
   *
   * @param calledOff whether to leave it, for a check may take long
   * @throws IOException if the directory cannot be used, or another process has it
   */
  static GramIndex open(Path folder, long memory, BooleanSupplier calledOff) throws IOException {
    Files.createDirectories(folder);
    Directory directory = FSDirectory.open(folder);
    try {
      if (!isSound(directory, calledOff)) {
        wipe(folder);
      }
      return new GramIndex(directory, memory);
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  private static boolean isSound(Directory directory, BooleanSupplier calledOff)
      throws IOException {
    if (!DirectoryReader.indexExists(directory)) {
      return false;
    }
    try (DirectoryReader reader = DirectoryReader.open(directory)) {
      for (LeafReaderContext leaf : reader.leaves()) {
        if (calledOff.getAsBoolean()) {
          throw new IOException("called off while it was checked");
        }
        ((CodecReader) leaf.reader()).checkIntegrity();
      }
      return Place.isKnown(reader.getIndexCommit().getUserData());
    } catch (CorruptIndexException
        | IndexFormatTooNewException
        | IndexFormatTooOldException
        | EOFException
        | NoSuchFileException e) {
      return false;
    }
  }

  /** Takes away the files of an index, and no others. */
  static void wipe(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> files = new ArrayList<>();
    try (var all = Files.newDirectoryStream(folder)) {
      for (Path file : all) {
        String name = String.valueOf(file.getFileName());
        if (name.startsWith("_") || name.startsWith("segments") || name.startsWith("pending_")) {
          files.add(file);
        }
      }
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  // ---- writing

  /** How far it is as of its last commit; empty if it has just been made. */
  Optional<Place> place() {
    Map<String, String> map = new HashMap<>();
    Iterable<Map.Entry<String, String>> data = writer.getLiveCommitData();
    if (data != null) {
      data.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
    }
    return Place.isKnown(map) ? Optional.of(Place.of(map)) : Optional.empty();
  }

  /** Enters a message, in place of what was there of it. */
  void add(LogName log, long uid, long print, GramSet grams) throws IOException {
    stream.of(grams.grams());
    Document document = new Document();
    document.add(new StringField(ID, id(log, uid), Field.Store.NO));
    document.add(new StringField(LOG, log.value(), Field.Store.NO));
    document.add(new NumericDocValuesField(UID, uid));
    document.add(new NumericDocValuesField(PRINT, print));
    document.add(new Field(GRAM, stream, GRAMS));
    writer.updateDocument(new Term(ID, id(log, uid)), document);
  }

  private static String id(LogName log, long uid) {
    return log.value() + '\0' + Long.toString(uid, Character.MAX_RADIX);
  }

  void remove(LogName log, UidSet uids) throws IOException {
    List<Term> terms = new ArrayList<>();
    uids.forEach(uid -> terms.add(new Term(ID, id(log, uid))));
    writer.deleteDocuments(terms.toArray(Term[]::new));
  }

  void remove(LogName log) throws IOException {
    writer.deleteDocuments(new Term(LOG, log.value()));
  }

  /** Makes durable what was entered, and how far that is. */
  void commit(Place place) throws IOException {
    writer.setLiveCommitData(place.toMap().entrySet());
    writer.commit();
  }

  /** Lets searches see what was entered. */
  void refresh() throws IOException {
    searchers.maybeRefreshBlocking();
  }

  // ---- looking up

  /** Messages that it knows: indexes of the state. */
  BitSet known(LogName log, MailboxState state) throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      return known(searcher, log, state);
    } finally {
      searchers.release(searcher);
    }
  }

  private static BitSet known(IndexSearcher searcher, LogName log, MailboxState state)
      throws IOException {
    BitSet known = new BitSet(state.size());
    searcher.search(new TermQuery(new Term(LOG, log.value())), new Hits(state, true, known::set));
    return known;
  }

  /** See {@link hikyaku.mailbox.text.TextIndex#lacking}. */
  List<BitSet> lacking(LogName log, MailboxState state, List<List<FoldedText>> wanted)
      throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      BitSet known = known(searcher, log, state);
      List<BitSet> all = new ArrayList<>();
      for (List<FoldedText> strings : wanted) {
        BitSet lacking = new BitSet();
        Optional<Query> query = query(log, strings);
        if (query.isPresent() && !known.isEmpty()) {
          lacking.or(known);
          searcher.search(query.get(), new Hits(state, false, lacking::clear));
        }
        all.add(lacking);
      }
      return all;
    } finally {
      searchers.release(searcher);
    }
  }

  private static Optional<Query> query(LogName log, List<FoldedText> strings) {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    all.add(new TermQuery(new Term(LOG, log.value())), BooleanClause.Occur.FILTER);
    int needs = 0;
    for (FoldedText string : strings) {
      for (Gram.Need need : Gram.needs(string, MOST_NEEDS - needs)) {
        all.add(query(need), BooleanClause.Occur.FILTER);
        needs++;
      }
    }
    return needs == 0 ? Optional.empty() : Optional.of(all.build());
  }

  private static Query query(Gram.Need need) {
    return switch (need) {
      case Gram.Need.Whole(long gram) -> {
        byte[] octets = new byte[Gram.MOST_OCTETS];
        yield new TermQuery(new Term(GRAM, new BytesRef(octets, 0, Gram.write(gram, octets))));
      }
      case Gram.Need.Beginning(byte[] octets) ->
          new PrefixQuery(new Term(GRAM, new BytesRef(octets)));
    };
  }

  /** Tells of documents as indexes of a state. */
  private static final class Hits extends SimpleCollector {
    private final MailboxState state;
    private final boolean exact;
    private final IntConsumer consumer;
    private NumericDocValues uids = DocValues.emptyNumeric();
    private NumericDocValues prints = DocValues.emptyNumeric();

    /**
     * @param exact whether only those with the right print count
     */
    Hits(MailboxState state, boolean exact, IntConsumer consumer) {
      this.state = state;
      this.exact = exact;
      this.consumer = consumer;
    }

    @Override
    protected void doSetNextReader(LeafReaderContext leaf) throws IOException {
      uids = DocValues.getNumeric(leaf.reader(), UID);
      prints = DocValues.getNumeric(leaf.reader(), PRINT);
    }

    @Override
    public void collect(int document) throws IOException {
      if (uids.advanceExact(document)) {
        int index = state.indexOf(uids.longValue());
        boolean right =
            index >= 0
                && (!exact
                    || prints.advanceExact(document)
                        && prints.longValue() == Print.of(state, index));
        if (right) {
          consumer.accept(index);
        }
      }
    }

    @Override
    public ScoreMode scoreMode() {
      return ScoreMode.COMPLETE_NO_SCORES;
    }
  }

  /** Messages that it has. */
  long messages() {
    return writer.getDocStats().numDocs;
  }

  /** Whether it can number more messages. */
  boolean hasNumbers() {
    return writer.getDocStats().maxDoc < IndexWriter.MAX_DOCS / 16 * 15;
  }

  /** Octets of its files. */
  long octets() throws IOException {
    long sum = 0;
    for (String file : directory.listAll()) {
      try {
        sum += directory.fileLength(file);
      } catch (NoSuchFileException merged) {
        // Its successor is counted.
      }
    }
    return sum;
  }

  /** Leaves what was not committed to be entered again. */
  @Override
  public void close() throws IOException {
    try {
      searchers.close();
      writer.rollback();
    } finally {
      directory.close();
    }
  }
}
