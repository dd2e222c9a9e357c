"""The paper's table: configs/cifar10_paper.py, fourteen rows and the controls, 3 GAN seeds x 5 classifier seeds.

Command:  python -m tools.run_table --config=configs/paper_table.py --config.source_data_dir=DIR
          where DIR holds TFDS' prepared cifar10; once on each GPU (CUDA_VISIBLE_DEVICES=0, 1, ...) with one --workdir.
          `--dry_run` prints the plan; on two cores: configs/table_cpu.py.
Hardware: meant for GPUs; not run as a whole by us. On two CPU cores each of its 256 cells takes 9 minutes, and the
          Stacked GANs 14 hours at least a seed.
Paper:    row 1 61.7 %, row 12 70.6 % on 1,000 test images; rows 2 to 11, 13 and 14 are lost.
"""

from configs.cifar10_paper import get_config as base


def get_config():
    config = base()
    config.table.rows = "paper,controls"
    config.table.gan_seeds = "0,1,2"
    config.table.classifier_seeds = "0,1,2,3,4"
    return config
