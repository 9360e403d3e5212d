package statebench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple4;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Appends the rows of a stage to a file of the subtask. How long the file was is state of the job, and a restore cuts it back to that:
 * every row is in it once, however often the job was restored.
 *
 * <p>A row is, little-endian: the length of its key in bytes and how many numbers it has, 4 bytes each; start and end of its window, 8 bytes
 * each; the numbers; the key.
 */
final class RowFile extends ProcessFunction<Tuple4<String, Long, Long, double[]>, Void> implements CheckpointedFunction {
  private static final long serialVersionUID = 1;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int HEAD_BYTES = 24;

  private final String folder;
  private final int stage;
  private transient long length;
  private transient ListState<Long> saved;
  private transient FileChannel file;
  private transient ByteBuffer buffer;

  RowFile(String folder, int stage) {
    this.folder = folder;
    this.stage = stage;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    saved = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("length", Types.LONG));
    for (long before : saved.get()) length = before;
  }

  @Override
  public void open(OpenContext context) throws IOException {
    Path path = Path.of(folder, "stage-" + stage + "-subtask-" + getRuntimeContext().getTaskInfo().getIndexOfThisSubtask());
    file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    file.truncate(length);
    file.position(length);
    buffer = ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void processElement(Tuple4<String, Long, Long, double[]> row, Context context, Collector<Void> out) throws IOException {
    byte[] key = row.f0.getBytes(StandardCharsets.ISO_8859_1);
    int bytes = HEAD_BYTES + 8 * row.f3.length + key.length;
    if (buffer.remaining() < bytes) write();
    if (buffer.capacity() < bytes) buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(key.length).putInt(row.f3.length).putLong(row.f1).putLong(row.f2);
    for (double number : row.f3) buffer.putDouble(number);
    buffer.put(key);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    write();
    file.force(false);
    saved.update(List.of(length));
  }

  /** Also of a task that fails: what is beyond the last checkpoint is cut off when it begins again. */
  @Override
  public void close() throws IOException {
    if (file == null) return;
    write();
    file.close();
    file = null;
  }

  private void write() throws IOException {
    buffer.flip();
    length += buffer.remaining();
    while (buffer.hasRemaining()) file.write(buffer);
    buffer.clear();
  }
}
